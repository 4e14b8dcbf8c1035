/**
 * Confirms stored positions by the log. After a power cut a position may be newer than the log: its events are gone, and
 * others have, or will get, their ids. So a position names the frame with the event before it, by the salt of its
 * segment, its writer's nonce and its sequence, and is believed if that frame exists. Otherwise reading goes back to
 * an id before which everything was certainly stored before that frame, so that no new event is taken for acknowledged;
 * some events may be delivered again.
 *
 * @module
 */
import { FLAG } from "../format/bytes.ts";
import type { Partition } from "../partition.ts";
import { type FrameMark, markOf, type Position, type StoredPosition } from "./position_slot.ts";
import { type Segment, startOf } from "../segment/segment_file.ts";
import { entriesFrom, entryAt, type FrameEntry, type GapEntry } from "../segment/entries.ts";

/** The id of the next event by a stored position, as far as the log confirms it. */
export function confirmedId(partition: Partition, position: StoredPosition, ids?: readonly number[]): number {
  return partition.look(() => confirmed(partition, position, ids ?? partition.segmentIds()));
}

/** A position in a partition, with what identifies the event before it. */
export function positionAt(partition: Partition, nextId: number): Position {
  return partition.look(() => {
    const entry = nextId > partition.firstId() ? entryBefore(partition, nextId) : undefined;
    if (entry?.kind !== "frame") return { nextId, time: 0 };
    return { nextId, time: entry.frame.time, mark: markOf(entry.frame) };
  });
}

function confirmed(partition: Partition, position: StoredPosition, ids: readonly number[]): number {
  const { nextId, time, mark, generation } = position;
  const [firstId] = ids;
  if (firstId === undefined) return 0;
  if (generation === 0) return firstId;
  if (nextId <= firstId) return nextId;
  if (isConfirmed(partition, position, ids)) return nextId;
  // Without a frame and its time, the event before the position was gone, or damaged, when it was stored: if it is there
  // now, the log is another one, such as an older copy that was written on since.
  if (mark !== undefined || time === 0) return lastBefore(partition, position);
  // Stored by an earlier version, which stored only the time of the frame: a later one may have the same.
  return Math.min(nextId, partition.positionOfTime(time)?.id ?? 0, partition.end(ids)!.id);
}

/** The frame with the event before a position, or the damage that spans it, if there is one. */
function entryBefore(
  partition: Partition,
  nextId: number,
  ids?: readonly number[],
): FrameEntry | GapEntry | undefined {
  const position = partition.positionOfId(nextId - 1, ids);
  if (position === undefined) return undefined;
  const entry = entryAt(position);
  // What another process appends between the two looks may end before.
  return "endId" in entry && entry.endId >= nextId ? entry : undefined;
}

function isConfirmed(partition: Partition, position: Position, ids?: readonly number[]): boolean {
  const { nextId, time, mark } = position;
  const entry = entryBefore(partition, nextId, ids);
  if (entry === undefined) return false;
  if (entry.kind === "gap") return mark === undefined || isFollowed(partition, nextId, mark);
  const { frame } = entry;
  if (mark === undefined) return (frame.flags & FLAG.lost) !== 0 || frame.time === time;
  if ((frame.flags & FLAG.lost) !== 0) return isFollowed(partition, nextId, mark);
  return isSame(markOf(frame), mark);
}

/**
 * Whether damage that spans the event before a position is followed by a later frame of the same writer. Then the frame
 * of the position was before that one, and is the one that was damaged. Otherwise the damaged frame may be another one,
 * which got these ids after the frame of the position was lost in a power cut.
 */
function isFollowed(partition: Partition, nextId: number, mark: FrameMark): boolean {
  const start = partition.positionOfId(nextId - 1);
  if (start?.segment.salt !== mark.salt) return false;
  for (const entry of entriesFrom(start)) {
    if (entry.kind !== "frame" || entry.frame.nonceLow !== mark.nonce) continue;
    if (entry.frame.sequence > mark.sequence) return true;
  }
  return false;
}

/**
 * An id below which everything was certainly stored before the frame of a position that the log does not confirm. In its
 * segment, if that exists, everything up to an earlier frame of the same writer, because appends are in order. Segments
 * before it were sealed. Otherwise everything below an earlier position that is confirmed.
 */
function lastBefore(partition: Partition, { nextId, mark, earlier = [] }: StoredPosition): number {
  const firstId = partition.firstId();
  const known = earlier.find((each) => each.nextId > firstId && isConfirmed(partition, each));
  const knownId = known?.nextId ?? firstId;
  if (mark === undefined) return knownId;
  const ids = partition.segmentIds();
  for (let index = ids.length - 1; index >= 0; index--) {
    const baseId = ids[index]!;
    if (baseId >= nextId) continue;
    const segment = partition.segment(baseId, ids[index + 1]);
    if (segment.salt === mark.salt) return Math.max(knownId, lastInSegment(segment, nextId, mark));
  }
  return knownId;
}

function lastInSegment(segment: Segment, nextId: number, mark: FrameMark): number {
  let last = segment.baseId;
  for (const entry of entriesFrom(startOf(segment))) {
    if (entry.id >= nextId) break;
    if (entry.kind !== "frame" || entry.frame.nonceLow !== mark.nonce) continue;
    if (entry.frame.sequence < mark.sequence) last = Math.min(entry.endId, nextId);
  }
  return last;
}

function isSame(one: FrameMark, other: FrameMark): boolean {
  return one.salt === other.salt && one.nonce === other.nonce && one.sequence === other.sequence;
}
