import { dirname } from "node:path";
import { StorageError } from "../../errors.ts";
import { ensureDirectory, type Storage } from "../../storage/port.ts";

/** The folder cannot be opened for reading, or its file system does not support syncing folders. */
const CANNOT_SYNC = ["EACCES", "EPERM", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

/**
 * Creates a folder with an absolute path, and its missing parents. Each is synced before the next is created in
 * it, so that nothing is stored in a folder that a power failure may remove. An empty folder may be one whose
 * creator was killed before that sync, so its entry is synced here.
 */
export function makeTree(storage: Storage, path: string): void {
  const stat = storage.stat(path);
  if (stat === undefined) {
    const parent = dirname(path);
    if (parent !== path && mayLookAt(storage, parent)) makeTree(storage, parent);
    ensureDirectory(storage, path);
    return syncDirectory(storage, parent);
  }
  // A symbolic link to a folder is allowed; anything else causes an error when something is created in it.
  if (stat.kind === "directory" && isEmpty(storage, path)) syncDirectory(storage, dirname(path));
}

/** A program on Deno may have permissions for the root alone; then the folder above it must be there. */
function mayLookAt(storage: Storage, path: string): boolean {
  try {
    storage.stat(path);
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.errno === "EACCES") return false;
    throw error;
  }
}

/** If we may not open a folder, we cannot sync it either. */
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
