import { confirmedId } from "../../log/confirm.ts";
import type { CursorFile } from "../../log/cursor.ts";
import type { Partition } from "../../log/partition.ts";
import type { PartitionDescription, PartitionLag } from "../contract.ts";

/** The state of one partition. */
export function describePartition(log: Partition): PartitionDescription {
  const facts = log.segmentFacts();
  if (facts.length === 0) return { partition: log.partition, firstId: 0, nextId: 0, bytes: 0, segments: 0 };
  const last = facts[facts.length - 1];
  return {
    partition: log.partition,
    firstId: facts[0].baseId,
    nextId: last.endId,
    bytes: facts.reduce((sum, segment) => sum + segment.bytes, 0),
    segments: facts.length,
    oldestTime: log.timeOf(facts[0].baseId),
    newestTime: last.endId > facts[0].baseId ? log.timeOf(last.endId - 1) : undefined,
  };
}

/** How far the owner of a cursor is behind. */
export function lagOf(log: Partition, cursor: CursorFile): PartitionLag {
  const stored = cursor.read();
  const firstId = log.firstId();
  const position = Math.max(firstId, stored === undefined ? firstId : confirmedId(log, stored));
  const end = log.end();
  const endId = end?.id ?? 0;
  const oldest = position < endId ? log.timeOf(position) : undefined;
  return {
    partition: log.partition,
    position,
    acknowledged: stored !== undefined,
    events: endId - position,
    bytes: position < endId ? log.bytesBetween(log.placeOfId(position)!, end!) : 0,
    seconds: oldest === undefined ? 0 : Math.max(0, (log.storage.now() - oldest) / 1000),
  };
}
