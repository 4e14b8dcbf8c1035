import {
  confirmedId,
  lastWouldGo,
  type Partition,
  removeBefore,
  removeLeftovers,
  type RetentionPolicy,
  sealLast,
  type SegmentFacts,
  segmentFacts,
  segmentsToRemove,
  withLastSealed,
} from "../../log/mod.ts";
import { isFull } from "../../storage/port.ts";
import type { TrimRequest, TrimResult } from "../../contract.ts";
import type { ConsumerRegistry } from "./consumer_registry.ts";
import type { FilesTopicOptions } from "../../options/driver_options.ts";

/**
 * The id below which every named consumer has acknowledged all events, for each of the partitions; undefined if there is
 * no named consumer.
 */
export function acknowledgedIds(
  logs: readonly Partition[],
  registry: ConsumerRegistry,
): (number | undefined)[] {
  const least: (number | undefined)[] = logs.map(() => undefined);
  for (const name of registry.names()) {
    const folder = registry.consumer(name);
    // Once for all partitions: the folder has files of each of them.
    const listed = folder.listed();
    for (const [index, log] of logs.entries()) {
      const stored = folder.cursor(log.partition).read(listed.of(log.partition));
      const id = stored === undefined ? 0 : log.segments.briefly(() => confirmedId(log, stored));
      least[index] = Math.min(least[index] ?? id, id);
    }
  }
  return least;
}

/** How often to decide again because a writer has come to need a segment that was to be removed. */
const DECISIONS_MAX = 10;

/** Removes the segments that the request allows, oldest first. */
export function trimPartition(
  log: Partition,
  request: TrimRequest & { acknowledgedId?: number | undefined },
): TrimResult {
  const policy: RetentionPolicy = {
    bytesMax: request.maxBytes,
    beforeTime: request.beforeTime === undefined ? undefined : Number(request.beforeTime),
    beforeId: request.beforeId === undefined && request.acknowledgedId === undefined
      ? undefined
      : Math.max(request.beforeId ?? 0, request.acknowledgedId ?? 0),
  };
  const facts = segmentFacts(log);
  const removesLast = lastWouldGo(facts, policy);
  if (request.dryRun === true) {
    const planned = removesLast ? withLastSealed(facts) : facts;
    return resultOf(log, planned, segmentsToRemove(planned, policy));
  }
  removeLeftovers(log);
  const removed = removesLast ? sealMakingRoom(log, policy) : undefined;
  const { firstIdBefore, firstId, bytes, partition } = remove(log, policy);
  return {
    partition,
    firstIdBefore: removed?.firstIdBefore ?? firstIdBefore,
    firstId,
    bytes: bytes + (removed?.bytes ?? 0),
  };
}

/**
 * Ends the last segment, which can only be removed once there is another one after it. If the disk is too full for
 * that one, removes first what a policy allows before it; returns what was removed.
 */
function sealMakingRoom(log: Partition, policy: RetentionPolicy): TrimResult | undefined {
  try {
    sealLast(log);
    return undefined;
  } catch (error) {
    if (!isFull(error)) throw error;
    const removed = remove(log, policy);
    sealLast(log);
    return removed;
  }
}

/**
 * Applies a topic's retention, which `options` looks up, after a segment was started. A failure here must not fail the
 * push.
 */
export function applyRetention(
  log: Partition,
  options: () => FilesTopicOptions,
  registry: ConsumerRegistry,
): void {
  try {
    removeLeftovers(log);
    const { retention_bytes: bytesMax, retention_seconds: seconds, retention_acknowledged: acknowledged } =
      options();
    if (bytesMax === undefined && seconds === undefined && acknowledged !== true) return;
    remove(log, {
      bytesMax,
      storedBefore: seconds === undefined ? undefined : log.storage.now() - seconds * 1000,
      beforeId: acknowledged === true ? acknowledgedIds([log], registry)[0] : undefined,
    });
  } catch {
    // Tried again with the next new segment.
  }
}

function remove(log: Partition, policy: RetentionPolicy): TrimResult {
  for (let decision = 1;; decision++) {
    const facts = segmentFacts(log);
    const count = segmentsToRemove(facts, policy);
    const newestTime = facts.slice(0, count).reduce(
      (newest, { created, newestTime }) => Math.max(newest, created, newestTime),
      0,
    );
    // The last segment always stays.
    if (count === 0 || removeBefore(log, facts[count]!.baseId, newestTime)) {
      return resultOf(log, facts, count);
    }
    if (decision === DECISIONS_MAX) return resultOf(log, facts, 0);
  }
}

function resultOf({ partition }: Partition, facts: readonly SegmentFacts[], count: number): TrimResult {
  const bytes = facts.slice(0, count).reduce((sum, segment) => sum + segment.bytes, 0);
  return { partition, firstIdBefore: facts[0]?.baseId ?? 0, firstId: facts[count]?.baseId ?? 0, bytes };
}
