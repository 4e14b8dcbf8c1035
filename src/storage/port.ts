/**
 * The storage port: everything that the log needs of a file system, a clock and a source of randomness. `node.ts`
 * implements it with the real ones, `tests/simulation/disk/` with a disk that tears and loses writes, flips bits and fills up.
 *
 * Every call that does not wait for the disk is synchronous, so that a step of the log is never interrupted by its own
 * process.
 * Failures are thrown as `StorageError` whose `errno` is the system's code (`"ENOSPC"`, `"ENOENT"`, …).
 *
 * @module
 */
import { StorageError } from "../errors.ts";
import { counted } from "../text/counted.ts";

/** The suffix of a file that is not published yet, or was left by a killed process. */
export const DRAFT_SUFFIX = ".draft";

/** An open file. */
export interface StorageFile {
  /** The path it was opened under, for messages. */
  readonly path: string;
  /** Appends with one `write`; returns how many bytes the system took, which may be fewer than given. */
  append(bytes: Uint8Array): number;
  /** Reads at a byte offset with one `read`; returns how many bytes were there. */
  readAt(into: Uint8Array, offset: number): number;
  /** Writes at a byte offset (never on a file opened for append). */
  writeAt(bytes: Uint8Array, offset: number): number;
  /** Size in bytes, or -1 if the file was removed: what is written to it is lost. */
  size(): number;
  /** Resolves when everything written to the file before is on the disk. */
  sync(): Promise<void>;
  /** The same, blocking. */
  syncNow(): void;
  /** Releases the file. */
  close(): void;
}

/** How a file is published. */
export interface PublishOptions {
  /** Whether its content is synced before it has its name; `false` for what is worthless after a power cut. */
  durable?: boolean;
  /**
   * Called when the draft is written, in the same folder, just before it is given its name; `false` cancels. A folder
   * that was replaced meanwhile does not have the draft, so that the name cannot appear in another folder.
   */
  confirm?: () => boolean;
  /**
   * Called with the file once it has its name, still open, for updates; the caller closes it. Opening the path afterwards
   * could open another file: one of a folder that has replaced this one since.
   */
  keep?: (file: StorageFile, state: PathState) => void;
}

/** What is at a path. */
export interface PathState {
  kind: "file" | "directory" | "other";
  bytes: number;
  /** When its content was changed, in milliseconds since 1970. */
  modified: number;
  /** The number that distinguishes it from another file of the same name, if known. Some network file systems change it. */
  inode?: number;
  /** When it was made, in milliseconds since 1970; if that is unknown, when its inode was changed. */
  made?: number;
}

/** Whether two looks at a path saw the same file; some network file systems change the number of one. */
export function isSameFile(one: PathState, other: PathState): boolean {
  return one.inode === other.inode || one.made === other.made;
}

/** How a file is opened: it must exist and be a regular file; links are not followed. */
export type OpenMode = "read" | "append" | "update";

/** A file system, a clock and a source of randomness. */
export interface Storage {
  /** What this one is a view of, if it is one: all views share what is known of the disk. */
  readonly base?: Storage;
  /** Opens a file. */
  open(path: string, mode: OpenMode): StorageFile;
  /** Names in a directory, in no particular order; throws `ENOENT`, `ENOTDIR`. */
  list(path: string): string[];
  /** What is at the path; links are not followed. */
  stat(path: string): PathState | undefined;
  /**
   * The content of a small file, or undefined if it does not exist. Of a file that is larger than expected, only the first
   * `bytesMax` bytes are read.
   */
  readWhole(path: string, bytesMax?: number): Uint8Array | undefined;
  /** Makes a directory; its parent must exist. Throws `EEXIST`. */
  makeDirectory(path: string): void;
  /**
   * Publishes a file with its whole content atomically; returns false if the name is taken, or `confirm` returns false.
   * Its content is synced before, unless `durable` is false.
   */
  publish(path: string, content: Uint8Array, options?: PublishOptions): boolean;
  /** Replaces a file's content atomically. */
  replace(path: string, content: Uint8Array): void;
  /** Renames; throws `ENOTEMPTY` or `EEXIST` if the target is a directory that is not empty. */
  rename(from: string, to: string): void;
  /** Removes a file; not an error if it does not exist. */
  remove(path: string): void;
  /** Removes a directory and everything in it; links are not followed. */
  removeTree(path: string): void;
  /**
   * Syncs the entries of a directory. `change` is called once the directory is open: then a failed sync of another
   * process, which drops what `change` did, is reported here too.
   */
  syncDirectory(path: string, change?: () => void): void;
  /** The same, without blocking: when it returns, the directory is open and was changed. */
  syncDirectoryLater(path: string, change?: () => void): Promise<void>;
  /** Calls `changed` soon after a change in the directory; undefined if the system offers no watch. */
  watch(path: string, changed: () => void): { close(): void } | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** A random number below 2^32. */
  random32(): number;
  /** Blocks for some milliseconds: to wait for another process that cannot wake this one. */
  pause(ms: number): void;
}

/** Whether an error says that a file does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof StorageError && error.errno === "ENOENT";
}

/** Whether an error ends when files are removed. */
export function isFull(error: unknown): boolean {
  return error instanceof StorageError && (error.errno === "ENOSPC" || error.errno === "EDQUOT");
}

/** Opens a file for updates; undefined if it does not exist. */
export function openIfThere(storage: Storage, path: string): StorageFile | undefined {
  try {
    return storage.open(path, "update");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Names in a directory, with a certain one as by {@linkcode listWith}; none if the directory does not exist. */
export function listIfThere(storage: Storage, path: string, name?: string): string[] {
  try {
    return name === undefined ? storage.list(path) : listWith(storage, path, name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** How often a directory is listed again because a name that exists is not among the names. */
const LISTINGS_MAX = 5;

/**
 * Names in a directory, with a certain one among them if it exists; throws if it cannot get them. Deno reports no error
 * if the system cannot read a directory to its end: what it lists may be a part of the names, or none.
 */
export function listWith(storage: Storage, path: string, name: string): string[] {
  for (let listings = 1;; listings++) {
    const names = storage.list(path);
    // If it exists now, it may have been made after the listing.
    if (names.includes(name) || storage.stat(`${path}/${name}`) === undefined) return names;
    if (listings === LISTINGS_MAX) {
      throw new StorageError(
        "EIO",
        `Cannot list "${path}": the system leaves out "${name}"; if another machine made it, it is listed some ` +
          "seconds later: try again then; otherwise check the disk (EIO)",
        { canRetry: true },
      );
    }
  }
}

/** Makes a directory unless there is one, which another process may have made at the same moment. */
export function ensureDirectory(storage: Storage, path: string): void {
  try {
    storage.makeDirectory(path);
  } catch (error) {
    if (!(error instanceof StorageError && error.errno === "EEXIST")) throw error;
  }
}

/** Writes at an offset of a file that no one else writes to. */
export function writeAllAt(file: StorageFile, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.byteLength;) {
    const written = file.writeAt(bytes.subarray(done), offset + done);
    if (written === 0) {
      throw new StorageError(
        "ENOSPC",
        `Cannot write "${file.path}": the system takes no more bytes; make room and repeat`,
      );
    }
    done += written;
  }
}

/** Writes at an offset by one call, so that a kill at any moment leaves all of it or nothing. */
export function writeOnceAt(file: StorageFile, bytes: Uint8Array, offset: number): void {
  const written = file.writeAt(bytes, offset);
  if (written === bytes.byteLength) return;
  throw new StorageError(
    "ENOSPC",
    `Cannot write "${file.path}": the system took ${written} of ${
      counted(bytes.byteLength, "byte")
    }; make room and try again`,
    { canRetry: true },
  );
}

/** Does what need not succeed: a failure of the storage is ignored. */
export function bestEffort(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}

/** What has not changed for this long was left by a process that was killed. */
const LEFTOVER_AGE_MS = 3_600_000;

/** Whether something unfinished was left by a process that was killed; false if it is not there any more. */
export function isLeftover(storage: Storage, path: string): boolean {
  return storage.now() - (storage.stat(path)?.modified ?? Infinity) > LEFTOVER_AGE_MS;
}

/** Makes a draft beside a path, and removes it: a sync that follows writes the folder, which a failed one may not have. */
export function changeFolder(storage: Storage, path: string): void {
  storage.publish(path, new Uint8Array(0), { durable: false, confirm: () => false });
}

/** Random hexadecimal digits: eight for each random number. */
export function randomHex(storage: Storage, numbers = 1): string {
  return Array.from({ length: numbers }, () => storage.random32().toString(16).padStart(8, "0")).join("");
}

/** Whether an error says that a rename failed because the new name is taken. */
export function isTaken(error: unknown): boolean {
  return error instanceof StorageError && ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(error.errno);
}
