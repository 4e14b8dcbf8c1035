// Which segments go. Decisions only: nothing here removes anything.

import { RECORD_BYTES, SEGMENT_HEADER_BYTES } from "./format/bytes.ts";
import { newestTimeFrom, newestTimeOfSealed, type Partition } from "./partition.ts";
import { SegmentIndex } from "./segment/index.ts";

/** What retention knows of a segment. Times are in milliseconds since 1970. */
export interface SegmentFacts {
  /** First id. */
  baseId: number;
  /** One past the last id. */
  endId: number;
  bytes: number;
  /** When it was made. */
  created: number;
  /** The newest time in it. */
  newestTime: number;
  /** When its last event was stored at the latest, see {@linkcode storedUntil}. */
  storedUntil: number;
  /** The oldest segment that holds data of events in this one. */
  needsBaseId: number;
}

/** What may go; a segment goes when any one condition lets it. */
export interface RetentionPolicy {
  /** Keep at most this many bytes. */
  bytesMax?: number | undefined;
  /** Remove events whose times are all before this one, milliseconds since 1970. */
  beforeTime?: number | undefined;
  /** Remove what was certainly stored before this time, milliseconds since 1970, whatever the clock did. */
  storedBefore?: number | undefined;
  /** Remove events below this id. */
  beforeId?: number | undefined;
}

/**
 * How many segments to remove from the front. The last one, which is written to, always stays, and so do segments with
 * data of events that stay.
 */
export function segmentsToRemove(segments: readonly SegmentFacts[], policy: RetentionPolicy): number {
  const { bytesMax = Infinity, storedBefore = -Infinity } = policy;
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  let count = 0;
  for (const segment of segments.slice(0, -1)) {
    if (bytes <= bytesMax && segment.storedUntil >= storedBefore && !isUnwanted(segment, policy)) break;
    bytes -= segment.bytes;
    count++;
  }
  // From the end: a segment that has to stay for a later one may itself need older ones.
  for (let kept = segments.length - 1; kept >= count; kept--) {
    while (count > 0 && segments[kept]!.needsBaseId < segments[count]!.baseId) count--;
  }
  return count;
}

/** Whether all events of a segment are older than a policy wants. */
function isUnwanted(
  { endId, newestTime }: SegmentFacts,
  { beforeTime = -Infinity, beforeId = -Infinity }: RetentionPolicy,
): boolean {
  return newestTime < beforeTime || endId <= beforeId;
}

/** A time that is further than this in the future is from a clock that was wrong; milliseconds. */
const AHEAD_MS_MAX = 7 * 86_400_000;

/**
 * When the last event of each segment was stored at the latest, as far as the clock's readings in the segments tell;
 * `Infinity` where they do not.
 *
 * Readings are in the log in the order in which they were taken. Without steps of the clock the first reading after
 * a segment's last event is the answer. Where the clock was set back, a reading after it is lower than one before it:
 * the two are from clocks that disagree, and the lower one says nothing about the age of what came before. The answer
 * is then the first reading that is not below any before it. (Events of 12:00, the clock is set back to 11:00, and
 * right again at 12:10: what was stored meanwhile is as old as the first reading after 12:00.) A reading that is far
 * later than now is not believed: else a clock that was wrong once would keep everything for ever. `removedTime` is
 * the newest reading in segments that were removed.
 */
export function storedUntil(
  segments: readonly Pick<SegmentFacts, "created" | "newestTime">[],
  now: number,
  removedTime: number,
): number[] {
  const readings = segments.flatMap(({ created, newestTime }) => [created, newestTime]);
  const believed = (reading: number) => reading <= now + AHEAD_MS_MAX ? reading : -Infinity;
  let newest = believed(removedTime);
  let next = 0;
  return segments.map(({ created, newestTime }, index) => {
    newest = Math.max(newest, believed(created), believed(newestTime));
    next = Math.max(next, 2 * index + 2);
    const tells = (reading: number) => believed(reading) >= Math.max(newest, -Number.MAX_VALUE);
    while (next < readings.length && !tells(readings[next]!)) next++;
    return readings[next] ?? Infinity;
  });
}

/** Whether the last segment would be removed too if it were not the one that is written to. */
export function lastWouldGo(segments: readonly SegmentFacts[], policy: RetentionPolicy): boolean {
  const last = segments.at(-1);
  if (last === undefined || last.endId === last.baseId) return false;
  return policy.bytesMax === 0 || isUnwanted(last, policy);
}

/** The segments as they would be after sealing the last one. */
export function withLastSealed(segments: readonly SegmentFacts[]): SegmentFacts[] {
  const last = segments.at(-1);
  if (last === undefined) return [];
  const { endId } = last;
  return [
    ...segments.slice(0, -1),
    { ...last, bytes: last.bytes + 2 * RECORD_BYTES },
    { ...last, baseId: endId, bytes: SEGMENT_HEADER_BYTES, needsBaseId: endId },
  ];
}

export function segmentFacts(partition: Partition): SegmentFacts[] {
  return partition.look(() => {
    const ids = partition.segmentIds();
    // Listed after the ids: a marker that is made meanwhile is seen rather than missed.
    const { needs, removedTime } = partition.listing();
    const facts = ids.map((baseId, index) => {
      const nextId = ids[index + 1];
      const segment = partition.segment(baseId, nextId);
      const end = nextId === undefined ? partition.end(ids)! : undefined;
      return {
        baseId,
        endId: nextId ?? end!.id,
        bytes: partition.bytesOf(baseId),
        created: segment.created,
        newestTime: end === undefined
          ? newestTimeOfSealed(segment)
          : newestTimeFrom(new SegmentIndex(segment).positionForId(end.id)),
        // A segment that was removed keeps nothing.
        needsBaseId: Math.min(baseId, ...(needs.get(baseId) ?? []).filter((older) => ids.includes(older))),
      };
    });
    const until = storedUntil(facts, partition.storage.now(), removedTime);
    return facts.map((fact, index) => ({ ...fact, storedUntil: until[index]! }));
  });
}
