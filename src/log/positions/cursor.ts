/**
 * The stored position of one consumer name in one partition.
 *
 * Each open consumer writes into a file of its own, so that nothing it stored is ever overwritten by another: two
 * slots in turn with one `write` each, so that a kill at any moment leaves the one before. The position is the
 * greatest in all files of the name by (generation, next id): an acknowledgement never moves it backwards, a seek
 * begins a new generation.
 *
 * Another consumer retires a file when it begins a new generation, so that the owner learns of that, and folds files
 * into its own when there are too many: it marks first and reads then; the owner writes first and looks for the mark
 * then, so that one of them sees the other. A file goes when what it holds is elsewhere, on the disk, but for the plain
 * one: its name comes again, and one that was stopped while it removed files would remove what has it then.
 *
 * @module
 */
import { StorageError } from "../../errors.ts";
import { isMissing, type Storage } from "../../storage/port.ts";
import { type CursorContent, CursorFiles, positionIn } from "./cursor_files.ts";
import { OwnCursorFile } from "./own_cursor_file.ts";
import { isAfter, type Position, positionOf, type StoredPosition } from "./position_slot.ts";

/** How often a file of its own is made again that was removed at once. */
const ATTEMPTS_MAX = 100;
/** Files of owners that are gone stay until there are so many: what takes their place has to be on the disk. */
const IDLE_FILES_MAX = 4;

/** What the folder of a cursor file does beside holding it. */
export interface CursorFolder {
  /** Makes it, when the first position is stored. */
  prepare?(): void;
  /** Reads the position, or says that there is none. */
  read?(read: () => StoredPosition | undefined): StoredPosition | undefined;
  /** The error for a position that cannot be stored any more: the file was removed while it was open. */
  removed?(): Error;
}

/** What is stored, as one who wants to store looks at it. */
interface Known {
  /** The position. */
  position: StoredPosition | undefined;
  /** What of it stands in a file that stays, or is folded into another one. */
  safe: StoredPosition | undefined;
  /** The files that are not marked. */
  open: CursorContent[];
}

/** The position of one name in one partition, as one consumer has it open. */
export class CursorFile {
  readonly #owner: number;
  readonly #files: CursorFiles;
  /** The file that this consumer writes into. */
  #own: OwnCursorFile | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly path: string,
    private readonly folder: CursorFolder = {},
  ) {
    // Never 0, which says that a file was closed.
    this.#owner = 1 + storage.random32() * 2 ** 20 + (storage.random32() & 0xfffff);
    this.#files = new CursorFiles(storage, path);
  }

  /** The stored position, undefined without one; as of when the names in the folder were `listed`, if they are given. */
  read(listed?: readonly string[]): StoredPosition | undefined {
    return this.#readAll(listed).position;
  }

  /**
   * Stores that everything below a position is done with, unless that is known already. `stale` is a stored position
   * that the log did not confirm: what was stored up to it is of events that are gone, so that a new generation
   * begins.
   */
  acknowledge(next: Position, stale?: StoredPosition): void {
    const own = this.#own?.position;
    this.#store(
      own === undefined ? this.#readAll() : { position: own, safe: own, open: [] },
      ({ position, safe }) => {
        const generation = position?.generation ?? 1;
        if (stale?.generation === generation) return { ...next, generation: generation + 1 };
        if (safe?.generation === generation && safe.nextId >= next.nextId) return undefined;
        return { ...next, generation };
      },
    );
  }

  /** Stores a position, also one before the stored one. */
  seek(next: Position): void {
    this.#store(
      this.#readAll(),
      ({ position }) => ({ ...next, generation: (position?.generation ?? 0) + 1 }),
    );
  }

  /** The generation that the next seek begins. Makes the file, so that the seek needs no room on the disk. */
  nextGeneration(): number {
    for (let attempt = 1;; attempt++) {
      const known = this.#readAll();
      const generation = known.position?.generation ?? 0;
      this.#own ??= this.#create(known.position ?? { nextId: 0, time: 0, generation: 0 }, known, attempt);
      if (this.#own !== undefined) return generation + 1;
    }
  }

  /** Stores a position that was decided before, unless a seek was stored since. */
  apply({ nextId, time, mark, generation }: StoredPosition): void {
    this.#store(
      this.#readAll(),
      ({ position }) =>
        (position?.generation ?? 0) >= generation ? undefined : { nextId, time, mark, generation },
    );
  }

  /**
   * Takes the position over for a new owner of the partition: a generation begins in which acknowledgements of owners
   * before do not count. `begin` says where, of what they had stored; gives that.
   */
  take(begin: (stored: StoredPosition | undefined) => Position): Position {
    for (let attempt = 1;; attempt++) {
      this.#own?.close();
      this.#own = undefined;
      // Marked first and read then: whatever an owner before stores after that, it learns that it did not.
      let known = this.#readAll();
      // Until a reading in which all are marked: one that was not might go on storing in the generation it has.
      while (this.#retireAll(known.open)) known = this.#readAll();
      const next = { ...begin(known.position), generation: (known.position?.generation ?? 0) + 1 };
      this.#own = this.#create(next, known, attempt);
      if (this.#own === undefined) continue;
      // Of two that take it over at once each makes its file first and looks then, so that one of them sees the other's;
      // and what was stored since the reading, by one that was not marked before it, is not to be lost.
      const isAlone = !this.#leaveRetired() && !this.#isOvertaken(known.position);
      if (!isAlone && attempt < ATTEMPTS_MAX) continue;
      this.#checkIsThere();
      if (this.#own !== undefined) this.#fold(this.#own);
      return next;
    }
  }

  /**
   * Like `acknowledge`, for an owner that took the position over: refused when the partition moved. The owner sees the
   * mark of the next one, which is made after that one owns the partition, so that `checkHeld`, which throws for one
   * that does not own it any more, has to be asked only then.
   */
  acknowledgeHeld(next: Position, checkHeld: () => void): void {
    for (;;) {
      const own = this.#own;
      if (own !== undefined) {
        if (own.position.nextId < next.nextId) {
          own.write({ ...next, generation: own.position.generation });
        }
        if (!this.#leaveRetired()) return this.#checkIsThere();
      }
      // Retired by a seek from outside, or by one that was stopped in the middle of taking it over.
      checkHeld();
      this.take((stored) => stored ?? { nextId: 0, time: 0 });
      checkHeld();
    }
  }

  /** Lets go of the file. */
  close(): void {
    const own = this.#own;
    this.#own = undefined;
    own?.end();
  }

  #readAll(listed?: readonly string[]): Known {
    let contents: CursorContent[] = [];
    const read = () => positionIn(contents = this.#files.readAll(listed));
    const position = this.folder.read === undefined ? read() : this.folder.read(read);
    // The folder may say that what lies in it is not this name's.
    const open = contents.filter(({ isRetired, isShared }) => !isRetired && !isShared);
    if (position === undefined) return { position, safe: undefined, open };
    return { position, safe: positionIn(contents.filter(({ isRetired }) => !isRetired)), open };
  }

  #store(first: Known, decide: (known: Known) => StoredPosition | undefined): void {
    let known = first;
    for (let attempt = 1;; attempt++, known = this.#readAll()) {
      const next = decide(known);
      if (next === undefined) {
        // What is known from before may not count any more.
        if (this.#own !== undefined && this.#leaveRetired()) continue;
        return this.#checkIsThere();
      }
      const isNew = this.#own === undefined;
      if (this.#own === undefined) this.#own = this.#create(next, known, attempt);
      else this.#own.write(next);
      if (this.#own === undefined) continue;
      const isRaised = known.position !== undefined && next.generation > known.position.generation;
      if (isRaised) this.#retireOthers();
      // Written first, looked at then: see above.
      if (this.#leaveRetired()) continue;
      if (isNew && this.#isOutdated(next.generation + (isRaised ? 0 : 1))) continue;
      this.#checkIsThere();
      if (isNew && this.#own !== undefined) this.#fold(this.#own);
      return;
    }
  }

  /** Makes a file of its own. */
  #create(next: StoredPosition, { position }: Known, attempt: number): OwnCursorFile | undefined {
    this.folder.prepare?.();
    try {
      const place = { storage: this.storage, files: this.#files, owner: this.#owner };
      return OwnCursorFile.make(place, next, position);
    } catch (error) {
      // Retired, folded and removed at once, or the folder was removed: the next attempt shows which.
      if (!isMissing(error) || attempt === ATTEMPTS_MAX) throw error;
      return undefined;
    }
  }

  /** Marks files; whether there are any. */
  #retireAll(contents: readonly CursorContent[]): boolean {
    for (const content of contents) this.#files.retire(content, this.#owner);
    return contents.length > 0;
  }

  /** Whether others made a file, or stored a position, after what is known here. */
  #isOvertaken(known: StoredPosition | undefined): boolean {
    const others = this.#files.readAll().filter(({ path }) => path !== this.#own?.path);
    const position = positionIn(others);
    return others.some(({ isRetired, isShared }) => !isRetired && !isShared) ||
      (position !== undefined && (known === undefined || isAfter(position, known)));
  }

  /** Tells the other consumers of this name that a new generation has begun. */
  #retireOthers(): void {
    for (const content of this.#files.readAll()) {
      if (content.path !== this.#own!.path && !content.isRetired) this.#files.retire(content, this.#owner);
    }
  }

  #leaveRetired(): boolean {
    const own = this.#own!;
    if (!own.isRetired) return false;
    own.close();
    this.#own = undefined;
    return true;
  }

  /** Whether another consumer of this name, which did not see the new file yet, has begun a generation. */
  #isOutdated(generationMax: number): boolean {
    return this.#files.readAll().some(({ path, slots }) =>
      path !== this.#own!.path && slots.some((slot) => slot !== undefined && slot.generation >= generationMax)
    );
  }

  /** After the write: what was written while the file had its name is stored, and what came later may be lost. */
  #checkIsThere(): void {
    const own = this.#own;
    if (own === undefined || own.isThere) return;
    // Folded after the write, by one that took this consumer for gone: what was written is in the file that stays.
    if (this.#leaveRetired()) return;
    own.close();
    this.#own = undefined;
    throw this.folder.removed?.() ??
      new StorageError("ENOENT", `Cannot store a position in "${own.path}": the file was removed`);
  }

  /** Takes the place of files whose owners are gone, once there are many. That costs no acknowledgement. */
  #fold(own: OwnCursorFile): void {
    try {
      const left = this.#files.readAll().filter(({ path, isIdle, isRetired, isShared }) =>
        path !== own.path && (path !== this.path || isShared) && (isIdle || isRetired)
      );
      if (left.length < IDLE_FILES_MAX) return;
      for (const content of left) if (!content.isRetired) this.#files.retire(content, this.#owner);
      const paths = left.map(({ path }) => path);
      for (const { path, slots } of this.#files.readAll()) {
        const position = paths.includes(path) ? positionOf(slots) : undefined;
        if (position !== undefined && isAfter(position, own.position)) own.write(position);
      }
      // Another one may have folded this file before that was written.
      if (own.isRetired) return;
      own.syncNow();
      this.#files.remove(paths);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }
}
