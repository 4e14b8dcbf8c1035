/**
 * The storage port: all that the log asks of a file system, a clock and a source of randomness. `node.ts`
 * answers with the real ones, `tests/simulation/disk/` with a disk that tears, forgets, flips and runs full.
 *
 * Every call is synchronous save `sync`, so that a step of the log is never interrupted by its own process.
 * Failures are thrown as `StorageError` whose `errno` is the system's code (`"ENOSPC"`, `"ENOENT"`, …).
 *
 * @module
 */
import { StorageError } from "../errors.ts";

/** How the name of a file ends that lies beside its name until it is published, or is left by a killed process. */
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
  /** Size in bytes, or -1 when the file has no name any more: what is written to it is lost. */
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
  /** Whether its content is on the disk before it has its name; `false` for what means nothing after a power cut. */
  durable?: boolean;
  /**
   * Asked when the content lies beside its name, in the same folder, and the name is given next: `false` gives
   * up. A folder that was replaced meanwhile does not hold the draft, so that the name cannot land in another one.
   */
  confirm?: () => boolean;
}

/** How a file is opened: it must be there, must be a file, and is never reached through a link. */
export type OpenMode = "read" | "append" | "update";

/** A file system, a clock and a source of randomness. */
export interface Storage {
  /** Opens a file. */
  open(path: string, mode: OpenMode): StorageFile;
  /** Names in a directory, in no order; throws `ENOENT`, `ENOTDIR`. */
  list(path: string): string[];
  /** What stands at the path, not following a link. */
  stat(path: string): { kind: "file" | "directory" | "other"; bytes: number; modified: number } | undefined;
  /**
   * The whole of a small file, or undefined when it is not there. Of one that is larger than it can be, the first
   * `bytesMax` bytes: no more memory is taken.
   */
  readWhole(path: string, bytesMax?: number): Uint8Array | undefined;
  /** Makes a directory; its parent must be there. Throws `EEXIST`. */
  makeDirectory(path: string): void;
  /**
   * Publishes a file with its whole content, never half of it; false when the name is taken, or `confirm` says
   * that the file is not wanted any more. Its content is on the disk before, unless `durable` is false.
   */
  publish(path: string, content: Uint8Array, options?: PublishOptions): boolean;
  /** Replaces a file's content at once, never half of it. */
  replace(path: string, content: Uint8Array): void;
  /** Renames; throws `ENOTEMPTY` or `EEXIST` over a directory that holds something. */
  rename(from: string, to: string): void;
  /** Removes a file; no error when it is not there. */
  remove(path: string): void;
  /** Removes a directory and all in it, following no link. */
  removeTree(path: string): void;
  /** Puts a directory's entries on the disk. */
  syncDirectory(path: string): void;
  /** Calls `changed` soon after something in the directory changes; undefined where that cannot be had. */
  watch(path: string, changed: () => void): { close(): void } | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** A random number below 2^32. */
  random32(): number;
  /** Blocks for some milliseconds: for those who wait for another process and can ask no one to wake them. */
  pause(ms: number): void;
}

/** Whether an error says that there is no file of that name. */
export function isMissing(error: unknown): boolean {
  return error instanceof StorageError && error.errno === "ENOENT";
}

/** Whether an error says that what was renamed cannot stand under its new name, because something else does. */
export function isTaken(error: unknown): boolean {
  return error instanceof StorageError && ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(error.errno);
}
