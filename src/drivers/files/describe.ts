import { confirmedId, type CursorFile, type Partition } from "../../log/mod.ts";
import type { PartitionDescription, PartitionLag } from "../../contract.ts";

/** The state of one partition. */
export function describePartition(log: Partition): PartitionDescription {
  return log.look(() => describeNow(log));
}

function describeNow(log: Partition): PartitionDescription {
  const ids = log.segmentIds();
  const [firstId] = ids;
  const end = log.end(ids);
  if (firstId === undefined || end === undefined) {
    return { partition: log.partition, firstId: 0, nextId: 0, bytes: 0, segments: 0 };
  }
  return {
    partition: log.partition,
    firstId,
    nextId: end.id,
    bytes: ids.reduce((sum, baseId) => sum + log.bytesOf(baseId), 0),
    segments: ids.length,
    oldestTime: log.timeOf(firstId, ids),
    newestTime: end.id > firstId ? log.timeOf(end.id - 1, ids) : undefined,
  };
}

/** The lag of a cursor's owner; its files have just been listed. */
export function lagOf(log: Partition, cursor: CursorFile, listed: readonly string[]): PartitionLag {
  return log.look(() => lagNow(log, cursor, listed));
}

function lagNow(log: Partition, cursor: CursorFile, listed: readonly string[]): PartitionLag {
  const stored = cursor.read(listed);
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
    bytes: position < endId ? log.bytesBetween(log.positionOfId(position)!, end!) : 0,
    seconds: oldest === undefined ? 0 : Math.max(0, (log.storage.now() - oldest) / 1000),
  };
}
