import type { StoredPosition } from "./cursor.ts";
import { FLAG } from "./format.ts";
import type { Partition } from "./partition.ts";
import { READ_AHEAD_BYTES } from "./read_window.ts";
import { passAt } from "./walk.ts";

/**
 * A stored position, as far as the log confirms it. After a power cut a position may be newer than the log: the
 * events it speaks of are gone, and others have, or will get, their ids. A position is confirmed when the event
 * before it is stored in a frame of the remembered time; else reading goes back to the first event stored
 * after that time, so that nothing new is taken for acknowledged.
 */
export function confirmedId(partition: Partition, position: StoredPosition): number {
  return partition.look(() => confirmed(partition, position));
}

function confirmed(partition: Partition, position: StoredPosition): number {
  const { nextId, time } = position;
  const firstId = partition.firstId();
  if (nextId <= firstId) return nextId;
  const place = partition.placeOfId(nextId - 1);
  if (place === undefined) return 0;
  if (time === 0) return Math.min(nextId, partition.end()!.id);
  const passed = passAt(place, READ_AHEAD_BYTES / 16);
  if (passed.kind === "frame" && (passed.frame.time === time || (passed.frame.flags & FLAG.lost) !== 0)) {
    return nextId;
  }
  // Damage in its place is no sign of another history.
  if (passed.kind === "gap" && passed.endId >= nextId) return nextId;
  const newer = partition.placeOfTime(time + 1);
  return Math.min(nextId, newer?.id ?? 0, partition.end()!.id);
}
