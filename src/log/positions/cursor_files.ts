import { StorageError } from "../../errors.ts";
import { isMissing, type Storage, type StorageFile } from "../../storage/port.ts";
import {
  decodeSlots,
  encodeSlot,
  POSITION_FILE_BYTES_MAX,
  POSITION_SLOT_BYTES,
  positionOf,
  type Slot,
  type StoredPosition,
} from "./position_slot.ts";

/** Slots of a file: two that its owner writes in turn, one for the segment before, one for the process that retires it. */
export const CURSOR_SLOTS = 4;
/** Bytes of a file. */
export const CURSOR_FILE_BYTES = CURSOR_SLOTS * POSITION_SLOT_BYTES;
/** The slot with the last position in the segment before. */
export const BEFORE_SLOT = 2;
const RETIRED_SLOT = 3;

/** An owner that has not written for this long may be gone. */
const IDLE_MS = 10_000;
/** How often a reading begins anew because a file was removed meanwhile. */
const READINGS_MAX = 100;

/** One cursor file as it was read. */
export interface CursorContent {
  path: string;
  slots: readonly (Slot | undefined)[];
  /** Its owner is asked to leave it; what it holds counts until the file is gone. */
  isRetired: boolean;
  /** Whether its owner is gone, or may be. */
  isIdle: boolean;
  /** Made by an earlier version, which several owners of a name share. */
  isShared: boolean;
}

/**
 * The files with the positions of one consumer name in one partition: `<partition>.pos`, and beside it
 * `<partition>.<8 hex digits>.pos` for each further consumer of that name that is open at the same time, or was.
 */
export class CursorFiles {
  readonly #directory: string;
  readonly #pattern: RegExp;

  constructor(private readonly storage: Storage, private readonly path: string) {
    const slash = path.lastIndexOf("/");
    this.#directory = path.slice(0, slash) || "/";
    const stem = path.slice(slash + 1).replace(/\.pos$/, "");
    this.#pattern = new RegExp(`^${stem.replace(/[^\w]/g, "\\$&")}(\\.[0-9a-f]{8})?\\.pos$`);
  }

  /**
   * Every file there is now; or every one of those `listed` a moment ago, names in the folder. One that is removed
   * meanwhile was folded into another one before, which the listing may have missed: then all is read anew.
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
        `Cannot read the position in "${this.path}": its files change faster than they can be read`,
        { canRetry: true },
      );
    }
  }

  /** The paths of the files, of those that are listed. */
  paths(listed?: readonly string[]): string[] {
    const root = this.#directory === "/" ? "" : this.#directory;
    try {
      const names = (listed ?? this.storage.list(this.#directory)).filter((name) => this.#pattern.test(name));
      return names.sort().map((name) => `${root}/${name}`);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Makes a file of its own for a new owner; gives its path. */
  publish(content: Uint8Array): string {
    for (let path = this.path;;) {
      // Not on the disk at once: no position is.
      if (this.storage.publish(path, content, { durable: false })) return path;
      const digits = this.storage.random32().toString(16).padStart(8, "0");
      path = this.path.replace(/\.pos$/, `.${digits}.pos`);
    }
  }

  /** Tells the owner of a file to leave it. */
  retire({ path, isShared }: CursorContent, owner: number): void {
    if (isShared) return;
    let file: StorageFile;
    try {
      file = this.storage.open(path, "update");
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      const retired = { nextId: 0, time: 0, generation: 0, sequence: 0, owner, written: this.storage.now() };
      file.writeAt(encodeSlot(retired), RETIRED_SLOT * POSITION_SLOT_BYTES);
    } finally {
      file.close();
    }
  }

  /** Removes files whose positions are in another one, which is on the disk. */
  remove(paths: readonly string[]): void {
    this.storage.syncDirectory(this.#directory);
    for (const path of paths) this.storage.remove(path);
  }

  #read(path: string, now: number): CursorContent | undefined {
    const bytes = this.storage.readWhole(path, POSITION_FILE_BYTES_MAX);
    if (bytes === undefined) return undefined;
    const slots = decodeSlots(bytes, path);
    const isShared = bytes.byteLength > CURSOR_FILE_BYTES;
    let last: Slot | undefined;
    for (const slot of slots) if (slot !== undefined && slot.written >= (last?.written ?? 0)) last = slot;
    const isClosed = !isShared && slots.slice(0, 2).some((slot) => slot?.owner === 0);
    return {
      path,
      slots,
      isRetired: !isShared && isRetired(bytes),
      isIdle: isClosed || last === undefined || Math.abs(now - last.written) > IDLE_MS,
      isShared,
    };
  }
}

/** Whether the owner of an open file has been asked to leave it. */
export function wasRetired(file: StorageFile): boolean {
  const bytes = new Uint8Array(POSITION_SLOT_BYTES);
  return file.readAt(bytes, RETIRED_SLOT * POSITION_SLOT_BYTES) > 0 && bytes.some((byte) => byte !== 0);
}

function isRetired(bytes: Uint8Array): boolean {
  return bytes.subarray(RETIRED_SLOT * POSITION_SLOT_BYTES).some((byte) => byte !== 0);
}

/** The position that files give together. */
export function positionIn(contents: readonly CursorContent[]): StoredPosition | undefined {
  return positionOf(contents.flatMap(({ slots }) => slots));
}
