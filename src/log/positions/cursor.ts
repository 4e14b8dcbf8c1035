/**
 * The stored position of one consumer name in one partition.
 *
 * Each open consumer has its own file, so that no other one overwrites what it stored: two slots in turn, with one
 * `write` each, so that a kill at any moment leaves the position before. The position is the greatest in all files of
 * the name by (generation, next id): an acknowledgement never moves it backwards, a seek begins a new generation.
 *
 * A consumer that begins a new generation retires the files of the others, so that their owners notice it; one that
 * finds too many files folds them into its own. It marks a file first and reads it then; the owner writes first and
 * looks for the mark then, so that one of them sees the other. A file is removed when its position is in another file,
 * on the disk. The plain file is never removed: its name is used again, and a process that was stopped while it removed
 * files would remove the new one.
 *
 * @module
 */
import { StorageError } from "../../errors.ts";
import { isMissing, type Storage } from "../../storage/port.ts";
import type { CursorFolder, CursorSteps, Known } from "./cursor_files.ts";
import { CursorFiles, positionIn, runAlone, startIn } from "./cursor_files.ts";
import { OwnCursorFile } from "./own_cursor_file.ts";
import { isAfter, type Position, positionOf, type StoredPosition } from "./position_slot.ts";

/** How often a consumer makes its file again because it was removed immediately. */
const ATTEMPTS_MAX = 100;
/** A seek raises the generation by more than a takeover at the same time, which may try a few times: so it counts. */
const SEEK_RAISES = 4;
/** Files of closed consumers stay until there are this many: folding them costs a sync. */
const IDLE_FILES_MAX = 4;

/** The position of one consumer name in one partition, opened by one consumer. */
export class CursorFile {
  readonly #owner: number;
  readonly #files: CursorFiles;
  #own: OwnCursorFile | undefined;
  /** Whether the file is new, so that those of closed consumers have not been folded into it. */
  #isFoldDue = false;
  /** The names in the folder when the position was read. */
  #listed: readonly string[] | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly path: string,
    private readonly folder: CursorFolder = {},
  ) {
    // Never 0, which says that a file was closed.
    this.#owner = 1 + storage.random32() * 2 ** 20 + (storage.random32() & 0xfffff);
    this.#files = new CursorFiles(storage, path, folder.confirm);
  }

  /**
   * The stored position, if there is one; `listed` are the names in the folder, if the caller has listed it. The first
   * acknowledgement begins with them too: what others made since then, it sees once it has made its own file.
   */
  read(listed?: readonly string[]): StoredPosition | undefined {
    this.#listed = listed;
    return startIn(this.#readAll(listed));
  }

  /**
   * Stores that everything below a position is acknowledged, unless that is stored already. `stale` is a stored position
   * that the log did not confirm: its events are gone, so a new generation begins.
   */
  acknowledge(next: Position, stale?: StoredPosition): void {
    this.#run(this.acknowledgeSteps(next, stale));
  }

  /** The same in steps, of which only the first acknowledgement has several. */
  *acknowledgeSteps(next: Position, stale?: StoredPosition): CursorSteps<void> {
    const position = this.#own?.position;
    yield* this.#store(
      position === undefined ? this.#readAll(this.#listed) : { position, safe: position, contents: [] },
      ({ position, safe }) => {
        const generation = position?.generation ?? 1;
        if (stale?.generation === generation) return { ...next, generation: generation + 1 };
        if (safe?.generation === generation && safe.nextId >= next.nextId) return undefined;
        return { ...next, generation };
      },
    );
  }

  /** The file of this consumer, if it has one. */
  get own(): OwnCursorFile | undefined {
    return this.#own;
  }

  /** Stores a position, which may be before the stored one. */
  seek(next: Position): void {
    this.#run(this.#store(
      this.#readAll(),
      ({ position }) => ({ ...next, generation: (position?.generation ?? 0) + SEEK_RAISES }),
    ));
  }

  /** The generation that the next seek begins. Makes the file, so that the seek needs no room on the disk. */
  nextGeneration(listed?: readonly string[]): number {
    for (let attempt = 1;; attempt++) {
      const known = this.#readAll(attempt === 1 ? listed : undefined);
      const generation = known.position?.generation ?? 0;
      this.#own ??= this.#create(known.position ?? { nextId: 0, time: 0, generation: 0 }, known, attempt);
      if (this.#own !== undefined) return generation + SEEK_RAISES;
    }
  }

  /** Stores a position that was decided before, unless a seek was stored since. */
  *apply({ nextId, time, mark, generation }: StoredPosition): CursorSteps<void> {
    yield* this.#store(
      this.#readAll(yield),
      ({ position }) =>
        (position?.generation ?? 0) >= generation ? undefined : { nextId, time, mark, generation },
    );
  }

  /**
   * Takes the position over for a new owner of the partition: begins a generation, in which acknowledgements of former
   * owners do not count. `begin` returns the first position, given the stored one; it is returned.
   */
  *takeSteps(begin: (stored: StoredPosition | undefined) => Position): CursorSteps<Position> {
    for (let attempt = 1;; attempt++) {
      this.#own?.close();
      this.#own = undefined;
      // Retired first and read then: a former owner that stores after that notices that it does not count.
      let known = this.#readAll(yield);
      // Until all files that are read were retired: the owner of another one could go on storing in its generation.
      while (this.#retireAll(known.contents)) known = this.#readAll(yield);
      const next = { ...begin(startIn(known)), generation: (known.position?.generation ?? 0) + 1 };
      // Of several that begin where nothing is stored, the one that makes the first file decides where.
      this.#own = this.#create(next, known, attempt, known.position === undefined && attempt === 1);
      if (this.#own === undefined) continue;
      // Two consumers that take it over at the same time each make their file and then look, so that one sees the other's;
      // and a position that was stored since the reading, in a file that was not retired before it, must not be lost.
      const listed = yield;
      const isAlone = !this.#leaveRetired() && !this.#isOvertaken(listed, known.position);
      if (!isAlone && attempt < ATTEMPTS_MAX) continue;
      this.#checkIsThere();
      this.#fold(listed);
      return next;
    }
  }

  /** The same, in one call. */
  take(begin: (stored: StoredPosition | undefined) => Position): Position {
    return this.#run(this.takeSteps(begin));
  }

  /**
   * Like `acknowledge`, for an owner that took the position over: refused when the partition has moved. The next owner
   * retires the file after it came to own the partition, so that `checkHeld`, which throws if this consumer does not
   * own it any more, has to be called only when the file is retired.
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
      // Retired by a seek of another process, or by one that was stopped while it took the position over.
      checkHeld();
      this.take((stored) => stored ?? { nextId: 0, time: 0 });
      checkHeld();
    }
  }

  /** Closes the file. */
  close(): void {
    const own = this.#own;
    this.#own = undefined;
    own?.end();
  }

  #readAll(listed?: readonly string[]): Known {
    const contents = this.folder.isThere?.() === false ? [] : this.#files.readAll(listed);
    const safe = positionIn(contents.filter(({ isRetired }) => !isRetired));
    return { position: positionIn(contents), safe, contents };
  }

  #run<T>(steps: CursorSteps<T>): T {
    return runAlone(steps, () => this.#files.list());
  }

  *#store(first: Known, decide: (known: Known) => StoredPosition | undefined): CursorSteps<void> {
    let known = first;
    for (let attempt = 1;; attempt++, known = this.#readAll(yield)) {
      // A file made before its owner knew of a generation joins it: what is written to it next has to count.
      const isLate = this.#own !== undefined && this.#own.position.generation < (known.safe?.generation ?? 0);
      const next = decide(known) ?? (isLate ? known.safe : undefined);
      if (next === undefined) {
        // What was read before may be out of date.
        if (this.#own !== undefined && this.#leaveRetired()) continue;
        return this.#checkIsThere();
      }
      // Where nothing was stored, an acknowledgement begins the first generation, and a seek a later one.
      const isRaised = next.generation > (known.position?.generation ?? 1);
      // Before it is written, too: if this process is stopped then, what others acknowledge still counts.
      if (isRaised) this.#retireAll(known.contents.filter(({ path }) => path !== this.#own?.path));
      const isNew = this.#own === undefined;
      this.#own?.write(next);
      if ((this.#own ??= this.#create(next, known, attempt)) === undefined) continue;
      const listed = isRaised || this.#isFoldDue ? yield : [];
      if (isRaised) this.#retireAll(this.#others(listed));
      // Written first, checked then: see above.
      if (this.#leaveRetired()) continue;
      if (isNew && this.#isOutdated(listed, next.generation + (isRaised ? 0 : 1))) continue;
      this.#checkIsThere();
      return this.#fold(listed);
    }
  }

  /** Makes this consumer's file; undefined if that has to be tried again. */
  #create(next: StoredPosition, known: Known, attempt: number, isFirst = false): OwnCursorFile | undefined {
    this.folder.prepare?.();
    this.#isFoldDue = true;
    try {
      const settings = { storage: this.storage, files: this.#files, owner: this.#owner };
      const made = OwnCursorFile.make(settings, next, known.position, { isFirst });
      if (made !== undefined) {
        made.isSyncDue = this.folder.keepsFirst === true && known.position === undefined;
      }
      return made;
    } catch (error) {
      // Retired, folded and removed immediately, or the folder was removed: the next attempt shows which.
      if (!isMissing(error) || attempt === ATTEMPTS_MAX) throw error;
      return undefined;
    }
  }

  /** Marks files of one owner each that are not marked yet; whether there are any. */
  #retireAll(contents: Known["contents"]): boolean {
    const left = contents.filter(({ isRetired, isShared }) => !isRetired && !isShared);
    for (const content of left) this.#files.retire(content, this.#owner);
    return left.length > 0;
  }

  /** The files of other consumers of this name. */
  #others(listed: readonly string[]): Known["contents"] {
    return this.#files.readAll(listed).filter(({ path }) => path !== this.#own?.path);
  }

  /** Whether others made a file, or stored a position, after what is known here. */
  #isOvertaken(listed: readonly string[], known: StoredPosition | undefined): boolean {
    const others = this.#others(listed);
    const position = positionIn(others);
    return others.some(({ isRetired, isShared }) => !isRetired && !isShared) ||
      (position !== undefined && isAfter(position, known));
  }

  #leaveRetired(): boolean {
    const own = this.#own!;
    if (!own.isRetired) return false;
    own.close();
    this.#own = undefined;
    return true;
  }

  /** Whether another consumer of this name, which did not see the new file yet, has begun a generation. */
  #isOutdated(listed: readonly string[], generationMax: number): boolean {
    return this.#others(listed).some(({ slots }) =>
      slots.some((slot) => slot !== undefined && slot.generation >= generationMax)
    );
  }

  /** To be called after a write: it is stored if the file had its name then. */
  #checkIsThere(): void {
    const own = this.#own;
    if (own === undefined || own.isThere) return;
    // Folded after the write, by a consumer that took this one for closed: the position is in that one's file.
    if (this.#leaveRetired()) return;
    own.close();
    this.#own = undefined;
    throw this.folder.removed?.() ??
      new StorageError("ENOENT", `Cannot store a position in "${own.path}": the file was removed`);
  }

  /** Folds the files of closed consumers into this one's, if that is new and there are many of them. */
  #fold(listed: readonly string[]): void {
    const own = this.#own;
    if (own === undefined || !this.#isFoldDue) return;
    this.#isFoldDue = false;
    try {
      const left = this.#others(listed).filter(({ path, isIdle, isRetired, isShared }) =>
        (path !== this.path || isShared) && (isIdle || isRetired)
      );
      if (left.length < IDLE_FILES_MAX) return;
      this.#retireAll(left);
      const paths = left.map(({ path }) => path);
      for (const { path, slots } of this.#files.readAll(listed)) {
        const position = paths.includes(path) ? positionOf(slots) : undefined;
        if (position !== undefined && isAfter(position, own.position)) own.write(position);
      }
      // Another consumer may have folded this file before that was written.
      if (own.isRetired) return;
      own.syncNow();
      this.#files.remove(paths);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }
}
