/**
 * Folders under temporary names. Topics and consumer folders are created and removed atomically by a rename: they
 * are built under a temporary name, and renamed to one before they are removed. Leftovers of a killed process are
 * therefore not part of the store, and a later process removes them.
 *
 * @module
 */
import { dirname } from "node:path";
import { bestEffort, isLeftover, isMissing, randomHex, type Storage } from "../../storage/port.ts";

const MAKING = ".creating-";
const REMOVING = ".deleting-";

/** A temporary path for a folder that is being created. */
export function temporaryPath(storage: Storage, parent: string): string {
  return `${parent}/${MAKING}${randomHex(storage, 2)}`;
}

/**
 * Renames a folder to a temporary name before its removal; undefined if it does not exist. After that the removal
 * is final: the rename is synced before anything in the folder is touched. If the sync fails, the folder is moved
 * back.
 */
export function moveAside(storage: Storage, parent: string, path: string): string | undefined {
  const aside = `${parent}/${REMOVING}${randomHex(storage, 2)}`;
  try {
    storage.rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    syncParents(storage, aside, path);
  } catch (error) {
    tryMoveBack(storage, aside, path);
    throw error;
  }
  return aside;
}

/** Moves a folder back; ignores storage errors, since the caller reports the original one. */
export function tryMoveBack(storage: Storage, aside: string, path: string): void {
  bestEffort(() => {
    storage.rename(aside, path);
    // Otherwise a power failure could leave the folder under its temporary name although the operation failed.
    syncParents(storage, aside, path);
  });
}

function syncParents(storage: Storage, ...paths: string[]): void {
  for (const folder of new Set(paths.map((path) => dirname(path)))) storage.syncDirectory(folder);
}

/** Removes a folder with a temporary name as far as possible: nothing reads what remains. */
export function tryRemoveTree(storage: Storage, path: string): void {
  bestEffort(() => storage.removeTree(path));
}

/** Removes a folder, if it exists: renamed first, so that it is never there in part. */
export function removeFolder(storage: Storage, parent: string, path: string): void {
  const aside = moveAside(storage, parent, path);
  if (aside !== undefined) tryRemoveTree(storage, aside);
}

/**
 * Cleans up after killed processes in a folder with the given entries: passes folders that were to be removed to
 * `remove`, and removes incomplete ones that are old enough.
 */
export function removeLeftovers(
  storage: Storage,
  parent: string,
  names: readonly string[],
  remove: (path: string) => void,
): void {
  // A failed cleanup must not fail the call: the next one tries again.
  bestEffort(() => {
    const removing = names.filter((name) => name.startsWith(REMOVING));
    // The process that renamed them may have been killed before its sync.
    if (removing.length > 0) storage.syncDirectory(parent);
    for (const name of removing) remove(`${parent}/${name}`);
    for (const name of names) {
      if (!name.startsWith(MAKING) || !isLeftover(storage, `${parent}/${name}`)) continue;
      // Its creator may merely be slow, or its clock may be: renaming first makes its publication fail as a whole.
      removeFolder(storage, parent, `${parent}/${name}`);
    }
  });
}
