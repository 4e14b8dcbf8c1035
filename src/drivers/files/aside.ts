/**
 * Folders that are being made or removed. A topic, and a consumer's positions, come and go by one rename: they are
 * made under a name that stands for nothing, and moved to such a name before they are removed. What a process
 * that was killed leaves there is not in the store any more, or not yet, and the next one takes it away.
 *
 * @module
 */
import { dirname } from "node:path";
import { StorageError } from "../../errors.ts";
import { isMissing, type Storage } from "../../storage/port.ts";

const MAKING = ".creating-";
const REMOVING = ".deleting-";
/** A folder half made is rubbish once it has not changed for this long. */
const RUBBISH_AFTER_MS = 3_600_000;

/** A path for a folder that is being made. */
export function pathForMaking(storage: Storage, parent: string): string {
  return `${parent}/${MAKING}${randomName(storage)}`;
}

/**
 * Moves a folder aside, to be removed there; undefined when it is not there. From then on it is gone for good: its
 * new name is on the disk before anything in it is touched. When the disk fails at that, it is moved back.
 */
export function moveAside(storage: Storage, parent: string, path: string): string | undefined {
  const aside = `${parent}/${REMOVING}${randomName(storage)}`;
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

/** Moves a folder to where it was; what failed before is what the caller gets. */
export function tryMoveBack(storage: Storage, aside: string, path: string): void {
  try {
    storage.rename(aside, path);
    // Else a power cut might leave the folder where it is not, though moving it failed.
    syncParents(storage, aside, path);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}

function syncParents(storage: Storage, ...paths: string[]): void {
  for (const folder of new Set(paths.map((path) => dirname(path)))) storage.syncDirectory(folder);
}

/** Removes a folder that was moved aside, as far as that goes: what stays has a name no one looks at. */
export function tryRemoveTree(storage: Storage, path: string): void {
  try {
    storage.removeTree(path);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}

/**
 * Takes away what processes that were killed left in a folder with these names: what was moved aside by way of
 * `remove`, and what was half made, once it is old.
 */
export function removeLeftovers(
  storage: Storage,
  parent: string,
  names: readonly string[],
  remove: (path: string) => void,
): void {
  const removing = names.filter((name) => name.startsWith(REMOVING));
  try {
    // The process that moved them aside may have been killed before that was on the disk.
    if (removing.length > 0) storage.syncDirectory(parent);
    for (const name of removing) remove(`${parent}/${name}`);
    for (const name of names) {
      if (!name.startsWith(MAKING)) continue;
      const modified = storage.stat(`${parent}/${name}`)?.modified ?? Infinity;
      if (storage.now() - modified <= RUBBISH_AFTER_MS) continue;
      // Its maker may only be slow, or its clock slow: then it misses the folder, rather than finishing half of one.
      const aside = moveAside(storage, parent, `${parent}/${name}`);
      if (aside !== undefined) tryRemoveTree(storage, aside);
    }
  } catch (error) {
    // They cost no call: the next one tries again.
    if (!(error instanceof StorageError)) throw error;
  }
}

function randomName(storage: Storage): string {
  return [storage.random32(), storage.random32()].map((half) => half.toString(16).padStart(8, "0")).join("");
}
