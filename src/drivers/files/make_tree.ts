import { dirname } from "node:path";
import { StorageError } from "../../errors.ts";
import type { Storage } from "../../storage/port.ts";

/** The folder cannot be opened for reading, or its file system has no such thing as syncing a folder. */
const CANNOT_SYNC = ["EACCES", "EPERM", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/**
 * Makes a folder, of which the path is absolute, and those above it that are missing. Each stands on the disk before the next is made in it, so
 * that nothing is ever stored in a folder that a power cut takes away. An empty folder may be one whose maker
 * was killed before that: its entry is put on the disk here.
 */
export function makeTree(storage: Storage, path: string): void {
  const stat = storage.stat(path);
  if (stat === undefined) {
    const parent = dirname(path);
    if (parent !== path) makeTree(storage, parent);
    makeFolder(storage, path);
    return syncDirectory(storage, parent);
  }
  // A link to a folder is what the user said; what else stands there says so itself when something is made in it.
  if (stat.kind === "directory" && isEmpty(storage, path)) syncDirectory(storage, dirname(path));
}

function makeFolder(storage: Storage, path: string): void {
  try {
    storage.makeDirectory(path);
  } catch (error) {
    // Another process may be making the same folders.
    if (!(error instanceof StorageError) || error.errno !== "EEXIST") throw error;
  }
}

/** A folder that is not ours to read is not one whose entries could be put on the disk, either. */
function syncDirectory(storage: Storage, path: string): void {
  try {
    storage.syncDirectory(path);
  } catch (error) {
    if (!(error instanceof StorageError) || !CANNOT_SYNC.includes(error.errno)) throw error;
  }
}

function isEmpty(storage: Storage, path: string): boolean {
  try {
    return storage.list(path).length === 0;
  } catch (error) {
    if (error instanceof StorageError && error.errno === "EACCES") return false;
    throw error;
  }
}
