import type { Partition } from "./partition.ts";
import { type SegmentFacts, storedUntil } from "./retention.ts";
import { newestTimeOfSealed } from "./segment/times.ts";

/** What retention needs to know of every segment. */
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
        newestTime: end === undefined ? newestTimeOfSealed(segment) : partition.newestTime(end),
        // A segment that was removed keeps nothing.
        needsBaseId: Math.min(baseId, ...(needs.get(baseId) ?? []).filter((older) => ids.includes(older))),
      };
    });
    const until = storedUntil(facts, partition.storage.now(), removedTime);
    return facts.map((fact, index) => ({ ...fact, storedUntil: until[index]! }));
  });
}
