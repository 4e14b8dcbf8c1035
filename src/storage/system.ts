/**
 * What differs between file systems, handled in one place: renaming over what exists or is open, names of removed files,
 * and folders that cannot be synced (Windows), and disks without hard links (exFAT).
 *
 * @module
 */
import type * as fs from "node:fs";
import { StorageError } from "../errors.ts";
import { errnoOf } from "./errno.ts";
import { DRAFT_SUFFIX } from "./port.ts";

/** The calls of `node:fs` that the storage port makes. */
export type FileSystem = Pick<
  typeof fs,
  | "closeSync"
  | "fdatasync"
  | "fdatasyncSync"
  | "fstatSync"
  | "fsync"
  | "fsyncSync"
  | "linkSync"
  | "lstatSync"
  | "mkdirSync"
  | "openSync"
  | "readdirSync"
  | "readFileSync"
  | "readSync"
  | "renameSync"
  | "rmdirSync"
  | "rmSync"
  | "watch"
  | "writeSync"
>;

/** A file system, and whether it behaves like that of Windows. */
export interface System {
  fs: FileSystem;
  windows: boolean;
}

/** How long another process may hold a file that is to be replaced, in milliseconds: readers close it immediately. */
const HELD_MS_MAX = 500;
const HELD_POLL_MS = 5;

/** Errors of Windows for a name that is open somewhere, or a folder that exists. */
const HELD = new Set(["EPERM", "EACCES", "EBUSY", "EEXIST", "ENOTEMPTY"]);

/** Errors of systems on which a folder cannot be opened or synced. */
const NO_FOLDER_SYNC = new Set(["EPERM", "EACCES", "EISDIR", "EINVAL", "ENOTSUP", "EBADF"]);

/** Errors of hard links on a disk that does not support them. */
export const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EISDIR",
]);

/** An older claim is from a process that died: nothing else is done between the two calls that make and remove it. */
const CLAIM_MS_MAX = 10_000;

const neverWoken = new Int32Array(new SharedArrayBuffer(4));

/** Blocks for some milliseconds. */
export function pause(ms: number): void {
  Atomics.wait(neverWoken, 0, 0, ms);
}

/** Renames; throws `ENOTEMPTY` over a folder with content, and waits a while for what is open elsewhere. */
export function rename({ fs, windows }: System, from: string, to: string): void {
  for (let waitedMs = 0;; waitedMs += HELD_POLL_MS) {
    try {
      return fs.renameSync(from, to);
    } catch (cause) {
      if (!windows || !HELD.has(errnoOf(cause))) throw cause;
      const target = fs.lstatSync(to, { throwIfNoEntry: false });
      const isFolder = fs.lstatSync(from).isDirectory();
      if (target !== undefined && target.isDirectory() !== isFolder) {
        throw standsThere(isFolder ? "ENOTDIR" : "EISDIR", to, cause);
      }
      if (target !== undefined && isFolder) removeEmpty(fs, to, cause);
      else if (waitedMs >= HELD_MS_MAX) throw heldOpen(from, cause);
      else pause(HELD_POLL_MS);
    }
  }
}

function removeEmpty(fs: FileSystem, folder: string, cause: unknown): void {
  if (fs.readdirSync(folder).length > 0) throw standsThere("ENOTEMPTY", folder, cause);
  fs.rmdirSync(folder);
}

function standsThere(errno: string, path: string, cause: unknown): StorageError {
  return new StorageError(errno, `Cannot rename to "${path}": something already exists there (${errno})`, {
    cause,
  });
}

function heldOpen(path: string, cause: unknown): StorageError {
  return new StorageError(
    "EBUSY",
    `Cannot rename "${path}": a program has it open, or something in it; close it and try again (EBUSY)`,
    { cause, canRetry: true },
  );
}

/** What is at a path; undefined if there is nothing, or only a file that Windows removes when all have closed it. */
export function lookAt({ fs, windows }: System, path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    if (windows && path.endsWith(DRAFT_SUFFIX) && HELD.has(errnoOf(cause))) return undefined;
    throw cause;
  }
}

/**
 * Removes a file, so that its name is free at once. Windows may keep the name of an open file until all have closed it,
 * and refuse it to everybody: so the file gets the name of a draft first, which readers ignore.
 */
export function removeFile(system: System, path: string): void {
  const { fs, windows } = system;
  if (!windows) return fs.rmSync(path, { force: true });
  if (path.endsWith(DRAFT_SUFFIX)) return removeDraft(fs, path);
  if (lookAt(system, path)?.isFile()) {
    const draft = draftOf(path);
    try {
      rename(system, path, draft);
      return removeDraft(fs, draft);
    } catch (cause) {
      if (errnoOf(cause) === "ENOENT") return;
      // A program has it open that does not let it be renamed: it may let it be removed.
    }
  }
  fs.rmSync(path, { force: true });
}

/** Removes a folder, or a file. */
export function removeTree(system: System, path: string): void {
  const { fs, windows } = system;
  // On Windows a removed file that others have open still exists for a moment.
  if (windows) return fs.rmSync(path, { force: true, recursive: true, maxRetries: 10, retryDelay: 20 });
  if (!("Bun" in globalThis)) return fs.rmSync(path, { force: true, recursive: true });
  removeInOnePass(system, path);
}

/**
 * Names of open files reappear on FUSE: Bun's own recursive removal would repeat itself, with all its processor, until
 * they are closed.
 */
function removeInOnePass(system: System, path: string): void {
  const { fs } = system;
  if (!lookAt(system, path)?.isDirectory()) return fs.rmSync(path, { force: true });
  try {
    for (const name of fs.readdirSync(path)) removeInOnePass(system, `${path}/${name}`);
    fs.rmdirSync(path);
  } catch (cause) {
    // Another process removes it, too.
    if (errnoOf(cause) !== "ENOENT") throw cause;
  }
}

/** Removes a draft. A failure must not hide why it is removed, and a draft does no harm: it is removed as a leftover. */
export function removeDraft(fs: FileSystem, draft: string): void {
  try {
    fs.rmSync(draft, { force: true });
  } catch {
    // It is open, or was removed while it is.
  }
}

/** A name next to a path that readers ignore. */
export function draftOf(path: string): string {
  return `${path}.${random32().toString(16).padStart(8, "0")}${DRAFT_SUFFIX}`;
}

const randomPool = new Uint32Array(64);
let randomLeft = 0;

/** A random number below 2^32. */
export function random32(): number {
  if (randomLeft === 0) {
    crypto.getRandomValues(randomPool);
    randomLeft = randomPool.length;
  }
  return randomPool[--randomLeft]!;
}

/**
 * Closes a descriptor. An error that the system reports then is about what was written before, which a sync would have
 * reported; the descriptor is gone nevertheless.
 */
export function release(fs: FileSystem, fd: number): void {
  try {
    fs.closeSync(fd);
  } catch (cause) {
    if (errnoOf(cause) === "EBADF") throw cause;
  }
}

/** Syncs a folder's entries to the disk; Windows does not offer that, and writes them in order by itself. */
export function syncFolder(system: System, path: string, change?: () => void): void {
  const { fs } = system;
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(path, "r");
    change?.();
    fs.fsyncSync(descriptor);
  } catch (cause) {
    checkNeedsNoSync(system, path, cause);
  } finally {
    if (descriptor !== undefined) release(fs, descriptor);
  }
}

/** The same, without blocking. */
export async function syncFolderLater(system: System, path: string, change?: () => void): Promise<void> {
  const { fs } = system;
  let descriptor: number | undefined;
  try {
    const opened = descriptor = fs.openSync(path, "r");
    change?.();
    await new Promise<void>((resolve, reject) => {
      fs.fsync(opened, (cause) => cause ? reject(cause) : resolve());
    });
  } catch (cause) {
    checkNeedsNoSync(system, path, cause);
  } finally {
    if (descriptor !== undefined) release(fs, descriptor);
  }
}

function checkNeedsNoSync({ fs, windows }: System, path: string, cause: unknown): void {
  if (!windows || !NO_FOLDER_SYNC.has(errnoOf(cause))) throw cause;
  if (!fs.lstatSync(path).isDirectory()) throw cause;
}

/** Gives a draft its name, if that is free; false where it is taken. */
export function publishDraft(system: System, draft: string, path: string): boolean {
  const { fs } = system;
  try {
    fs.linkSync(draft, path);
    return true;
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === "EEXIST") return false;
    if (!NO_LINKS.has(errno)) throw cause;
  }
  return withClaim(system, path, () => {
    if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
    fs.renameSync(draft, path);
    return true;
  });
}

/** Without links a name cannot be taken together with its content: the publisher holds a claim file meanwhile. */
function withClaim<T>(system: System, path: string, publish: () => T): T {
  const { fs, windows } = system;
  const claim = `${path}.claim${DRAFT_SUFFIX}`;
  for (let waitedMs = 0;; waitedMs += HELD_POLL_MS) {
    try {
      fs.closeSync(fs.openSync(claim, "wx", 0o666));
      break;
    } catch (cause) {
      const errno = errnoOf(cause);
      // While another process looks at a claim that is being removed, Windows refuses its name.
      const isBeingRemoved = windows && HELD.has(errno) && waitedMs < HELD_MS_MAX;
      if (errno !== "EEXIST" && !isBeingRemoved) throw cause;
      const stat = lookAt(system, claim);
      if (stat !== undefined && Date.now() - stat.mtimeMs > CLAIM_MS_MAX) fs.rmSync(claim, { force: true });
      else pause(HELD_POLL_MS);
    }
  }
  try {
    return publish();
  } finally {
    removeDraft(fs, claim);
  }
}
