import { DRAFT_SUFFIX, type Storage } from "../../storage/port.ts";
import type { PartitionFolder } from "./directory.ts";
import { firstName, listingOf, ownerOf } from "./listing.ts";

/** A draft this old was left by a process that was killed. */
const DRAFT_AGE_MS_MAX = 3_600_000;

/**
 * Removes the segments before one that stays, with `newestTime` the newest time in them, in milliseconds since
 * 1970. False when data in one of them has come to be needed meanwhile: then nothing was removed.
 *
 * One name in the folder decides. A process that is killed before it is there has removed nothing, and after it
 * everything: readers pass over the files that are left, and the next removal takes them away.
 */
export function removeBefore(folder: PartitionFolder, firstId: number, newestTime: number): boolean {
  const { storage, directory } = folder;
  const removedTime = Math.max(newestTime, folder.listing().removedTime);
  const mark = `${directory}/${firstName(firstId, removedTime)}`;
  // What stays is on the disk before what says that it is all there is.
  storage.syncDirectory(directory);
  storage.publish(mark, new Uint8Array(0));
  // A writer makes its dependency marker and then looks for this name, and here it is the other way round: at
  // least one of the two sees the other's, however their calls are interleaved.
  if ((folder.segmentIds()[0] ?? firstId) < firstId) {
    storage.remove(mark);
    return false;
  }
  removeLeftovers(folder);
  return true;
}

/** Removes the files of segments that are before the first one: a removal was cut short. */
export function removeLeftovers(folder: PartitionFolder): void {
  const { storage, directory } = folder;
  const names = storage.list(directory);
  const first = listingOf(names).ids[0] ?? 0;
  const leftovers = names.filter((name) => (ownerOf(name) ?? Infinity) < first).sort();
  if (leftovers.length === 0) return;
  // What says that they are removed is on the disk before any of them goes; the process that made it may be dead.
  storage.syncDirectory(directory);
  const isLog = (name: string) => name.endsWith(".log");
  // The log first: an index without its segment harms no one.
  for (const name of [...leftovers.filter(isLog), ...leftovers.filter((name) => !isLog(name))]) {
    const path = `${directory}/${name}`;
    // Another process may be about to publish its draft.
    if (name.endsWith(DRAFT_SUFFIX) && ageOf(storage, path) < DRAFT_AGE_MS_MAX) continue;
    folder.release(ownerOf(name)!);
    storage.remove(path);
  }
}

function ageOf(storage: Storage, path: string): number {
  const modified = storage.stat(path)?.modified;
  return modified === undefined ? 0 : Math.abs(storage.now() - modified);
}
