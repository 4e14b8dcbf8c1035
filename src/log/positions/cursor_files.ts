import { basename, dirname } from "node:path";
import { StorageError } from "../../errors.ts";
import {
  listIfThere,
  openIfThere,
  type PathState,
  randomHex,
  type Storage,
  type StorageFile,
} from "../../storage/port.ts";
import { readFully } from "../segment/window.ts";
import {
  decodeSlots,
  encodeSlot,
  POSITION_FILE_BYTES_MAX,
  POSITION_SLOT_BYTES,
  positionOf,
  type Slot,
  type StoredPosition,
} from "./position_slot.ts";

/** Slots of a file: two that its owner writes in turn, one for the previous segment, one for retiring the file. */
const CURSOR_SLOTS = 4;
export const CURSOR_FILE_BYTES = CURSOR_SLOTS * POSITION_SLOT_BYTES;
/** The slot with the last position in the previous segment. */
export const BEFORE_SLOT = 2;
const RETIRED_SLOT = 3;

/** An owner that has not written for this long may be gone. */
const IDLE_MS = 10_000;
/** How often reading is repeated because a file was removed meanwhile. */
const READINGS_MAX = 100;

/** What the folder of a cursor file provides. */
export interface CursorFolder {
  /** Makes it, when the first position is stored. */
  prepare?(): void;
  /** Called just before a file gets its name there; throws if it is another consumer's folder by now. */
  confirm?(): void;
  /** Whether it is there, and its files count. */
  isThere?(): boolean;
  /** The error for a position that cannot be stored any more: the file was removed while it was open. */
  removed?(): Error;
  /** Whether a consumer without a position begins after events, so that the first one has to survive a power cut. */
  keepsFirst?: boolean;
}

/** How a new file is made. */
export interface CursorFilePublication {
  /** Whether it has to be the first of its name. */
  isFirst?: boolean;
}

export interface CursorContent {
  path: string;
  slots: readonly (Slot | undefined)[];
  /** Its owner has to leave it; its positions count until the file is removed. */
  isRetired: boolean;
  /** Whether its owner is gone, or may be. */
  isIdle: boolean;
  /** Made by an earlier version, in which all consumers of a name share one file. */
  isShared: boolean;
}

/** What is stored, as read before storing. */
export interface Known {
  position: StoredPosition | undefined;
  /** The part of it in files that are not retired, and so stay or are folded into others. */
  safe: StoredPosition | undefined;
  contents: readonly CursorContent[];
}

/**
 * The files with the positions of one consumer name in one partition: `<partition>.pos`, and beside it
 * `<partition>.<8 hex digits>.pos` for each further consumer of that name that is open at the same time, or was.
 */
export class CursorFiles {
  readonly #directory: string;
  readonly #pattern: RegExp;

  /** `confirm` as of {@linkcode CursorFolder}. */
  constructor(
    private readonly storage: Storage,
    private readonly path: string,
    private readonly confirm?: (() => void) | undefined,
  ) {
    this.#directory = dirname(path);
    const stem = basename(path, ".pos");
    this.#pattern = new RegExp(`^${stem.replace(/[^\w]/g, "\\$&")}(\\.[0-9a-f]{8})?\\.pos$`);
  }

  /**
   * All files that exist now, or those among the names `listed` a moment ago. A file that is removed meanwhile was folded
   * into another one, which the listing may lack: then everything is read again.
   */
  readAll(listed?: readonly string[]): CursorContent[] {
    const now = this.storage.now();
    for (let reading = 1;; reading++) {
      const contents = (reading === 1 ? this.paths(listed) : this.paths()).map((path) =>
        this.#read(path, now)
      );
      if (contents.every((content) => content !== undefined)) return contents;
      if (reading < READINGS_MAX) continue;
      throw new StorageError(
        "EAGAIN",
        `Cannot read the position in "${this.path}": its files change faster than they can be read; try again`,
        { canRetry: true },
      );
    }
  }

  list(): string[] {
    // The plain file, which is never removed, is among them.
    return listIfThere(this.storage, this.#directory, this.path.slice(this.path.lastIndexOf("/") + 1));
  }

  /** The paths of the files, among the listed names if these are given. */
  paths(listed: readonly string[] = this.list()): string[] {
    const root = this.#directory === "/" ? "" : this.#directory;
    return listed.filter((name) => this.#pattern.test(name)).sort().map((name) => `${root}/${name}`);
  }

  /** Makes a file for a new owner; returns it, open, or undefined if it was to be the first and is not. */
  publish(
    content: Uint8Array,
    { isFirst = false }: CursorFilePublication = {},
  ): { file: StorageFile; state: PathState } | undefined {
    let made: { file: StorageFile; state: PathState } | undefined;
    const keep = (file: StorageFile, state: PathState) => made = { file, state };
    for (let path = this.path;;) {
      const isMade = this.storage.publish(path, content, {
        durable: false,
        keep,
        confirm: () => {
          this.confirm?.();
          return true;
        },
      });
      if (isMade || isFirst) return made;
      path = this.path.replace(/\.pos$/, `.${randomHex(this.storage)}.pos`);
    }
  }

  /** Marks a file as retired, so that its owner leaves it. */
  retire({ path }: CursorContent, owner: number): void {
    const file = openIfThere(this.storage, path);
    if (file === undefined) return;
    try {
      const retired = { nextId: 0, time: 0, generation: 0, sequence: 0, owner, written: this.storage.now() };
      file.writeAt(encodeSlot(retired), RETIRED_SLOT * POSITION_SLOT_BYTES);
    } finally {
      file.close();
    }
  }

  /** Removes files whose positions are in another file, which was synced. */
  remove(paths: readonly string[]): void {
    this.storage.syncDirectory(this.#directory);
    for (const path of paths) this.storage.remove(path);
  }

  #read(path: string, now: number): CursorContent | undefined {
    const bytes = this.storage.readWhole(path, POSITION_FILE_BYTES_MAX);
    if (bytes === undefined) return undefined;
    const slots = decodeSlots(bytes, path);
    const isShared = bytes.byteLength > CURSOR_FILE_BYTES;
    const lastWritten = Math.max(...slots.map((slot) => slot?.written ?? -Infinity));
    const isClosed = !isShared && slots.slice(0, 2).some((slot) => slot?.owner === 0);
    return {
      path,
      slots,
      isRetired: !isShared && isMark(bytes.subarray(RETIRED_SLOT * POSITION_SLOT_BYTES)),
      isIdle: isClosed || Math.abs(now - lastWritten) > IDLE_MS,
      isShared,
    };
  }
}

/** Whether a file was made by this owner, who has not closed it. */
export function isOwnedBy(owner: number, file: StorageFile): boolean {
  const bytes = new Uint8Array(2 * POSITION_SLOT_BYTES);
  readFully(file, bytes, 0);
  return decodeSlots(bytes, file.path).some((slot) => slot?.owner === owner);
}

export function wasRetired(file: StorageFile): boolean {
  const bytes = new Uint8Array(POSITION_SLOT_BYTES);
  readFully(file, bytes, RETIRED_SLOT * POSITION_SLOT_BYTES);
  return isMark(bytes);
}

function isMark(slot: Uint8Array): boolean {
  return slot.some((byte) => byte !== 0);
}

/**
 * What a consumer begins with: if there is a file and all its slots are damaged or were lost in a power cut, not where the
 * consumer would begin without a position, since that may be after events that it has not acknowledged.
 */
export function startIn({ position, contents }: Known): StoredPosition | undefined {
  const isLost = contents.some(({ slots }) =>
    slots.every((slot, index) => slot === undefined || index === RETIRED_SLOT)
  );
  return position ?? (isLost ? { nextId: 0, time: 0, generation: 0 } : undefined);
}

export function positionIn(contents: readonly CursorContent[]): StoredPosition | undefined {
  return positionOf(contents.flatMap(({ slots }) => slots));
}

/**
 * What a cursor does, in steps, each of which begins with the names in the folder as of then.
 *
 * One folder has the files of all partitions, so listing it for each step of each of them would take time in proportion
 * to the square of their number. Cursors of several partitions go through their steps side by side instead, and share
 * each listing. Each still gets what its step needs, a listing made after its last step: the others only change files
 * of other partitions.
 */
export type CursorSteps<T> = Generator<void, T, readonly string[]>;

/** Goes through the steps of one cursor. */
export function runAlone<T>(steps: CursorSteps<T>, list: () => readonly string[]): T {
  for (let step = steps.next([]);; step = steps.next(list())) if (step.done === true) return step.value;
}
