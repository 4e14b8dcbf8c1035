import { bestEffort, changeFolder, DRAFT_SUFFIX } from "../../storage/port.ts";
import type { PartitionFolder } from "./directory.ts";
import { firstName, listingOf, ownerOf } from "./listing.ts";

/** A draft this old was left by a process that was killed. */
const DRAFT_AGE_MS_MAX = 3_600_000;

/**
 * Removes the segments before one that stays, with `newestTime` the newest time in them, in milliseconds since
 * 1970. False if data in one of them has been referred to meanwhile: then nothing was removed.
 *
 * One file name decides. A process that is killed before it exists has removed nothing, and after that everything:
 * readers skip the remaining files, and the next removal deletes them.
 */
export function removeBefore(folder: PartitionFolder, firstId: number, newestTime: number): boolean {
  const { storage, directory } = folder;
  const removedTime = Math.max(newestTime, folder.listing().removedTime);
  const mark = `${directory}/${firstName(firstId, removedTime)}`;
  // The segments that stay are on the disk before the name that declares the others removed.
  storage.syncDirectory(directory);
  storage.publish(mark, new Uint8Array(0));
  // A writer makes its dependency marker and then looks for this name; here it is the other way round. So at least one
  // of the two sees the other's file, however their calls are interleaved.
  if ((folder.segmentIds()[0] ?? firstId) < firstId) {
    storage.remove(mark);
    return false;
  }
  removeLeftovers(folder);
  return true;
}

/** Deletes the files of segments before the first one, which a removal that was cut short left. */
export function removeLeftovers(folder: PartitionFolder): void {
  const { storage, directory } = folder;
  const names = folder.names();
  const first = listingOf(names).ids[0] ?? 0;
  const leftovers = names.filter((name) => (ownerOf(name) ?? Infinity) < first).sort();
  if (leftovers.length === 0) return;
  // The name that declares them removed is on the disk before any of them is deleted: the process that made it may have
  // been killed, or its sync may have failed, which only that one knows. A change makes the system write the folder again.
  const change = () => bestEffort(() => changeFolder(storage, `${directory}/${leftovers[0]}`));
  storage.syncDirectory(directory, change);
  const isLog = (name: string) => name.endsWith(".log");
  // The log first: an index without its segment does no harm.
  for (const name of [...leftovers.filter(isLog), ...leftovers.filter((name) => !isLog(name))]) {
    const path = `${directory}/${name}`;
    // Another process may be about to publish its draft.
    const modified = name.endsWith(DRAFT_SUFFIX) ? storage.stat(path)?.modified : undefined;
    if (modified !== undefined && Math.abs(storage.now() - modified) < DRAFT_AGE_MS_MAX) continue;
    folder.segments.release(ownerOf(name)!);
    storage.remove(path);
  }
}
