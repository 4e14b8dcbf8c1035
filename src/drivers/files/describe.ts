import { confirmedId, type CursorFile, type Partition } from "../../log/mod.ts";
import type { PartitionDescription, PartitionLag } from "../../contract.ts";

/** The state of one partition. */
export function describePartition(log: Partition): PartitionDescription {
  return log.look(() => {
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
  });
}

/** The lag of a cursor's owner; its files have just been listed. */
export function lagOf(log: Partition, cursor: CursorFile, listed: readonly string[]): PartitionLag {
  return log.look(() => {
    const stored = cursor.read(listed);
    // Listed once for all that follows, since a topic may have thousands of positions.
    const ids = log.segmentIds();
    const firstId = ids[0] ?? 0;
    const position = Math.max(firstId, stored === undefined ? firstId : confirmedId(log, stored, ids));
    const end = log.end(ids);
    const endId = end?.id ?? 0;
    const next = position < endId ? log.positionOfId(position, ids) : undefined;
    const oldest = next === undefined ? undefined : log.timeAt(next);
    return {
      partition: log.partition,
      position,
      acknowledged: stored !== undefined,
      events: endId - position,
      bytes: next === undefined ? 0 : log.bytesBetween(next, end!, ids),
      seconds: oldest === undefined ? 0 : Math.max(0, (log.storage.now() - oldest) / 1000),
    };
  });
}
