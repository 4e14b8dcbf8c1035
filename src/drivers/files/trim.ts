import { confirmedId } from "../../log/confirm.ts";
import { Appender } from "../../log/appender.ts";
import { RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../log/format.ts";
import type { Partition } from "../../log/partition.ts";
import { type RetentionPolicy, type SegmentFacts, segmentsToRemove } from "../../log/retention.ts";
import type { TrimRequest, TrimResult } from "../contract.ts";
import type { ConsumerRegistry } from "./consumer_registry.ts";
import type { FilesTopicOptions } from "./options.ts";

/** Below which id every named consumer has acknowledged everything; undefined while nobody has. */
export function acknowledgedId(log: Partition, registry: ConsumerRegistry): number | undefined {
  let least: number | undefined;
  for (const name of registry.names()) {
    const stored = registry.cursor(name, log.partition).read();
    const id = stored === undefined ? 0 : confirmedId(log, stored);
    least = Math.min(least ?? id, id);
  }
  return least;
}

/** Removes what the request lets go, oldest segment first. */
export function trimPartition(
  log: Partition,
  request: TrimRequest & { acknowledgedId?: number },
): TrimResult {
  const policy: RetentionPolicy = {
    bytesMax: request.bytesMax,
    beforeTime: request.beforeTime === undefined ? undefined : Number(request.beforeTime),
    beforeId: request.beforeId === undefined && request.acknowledgedId === undefined
      ? undefined
      : Math.max(request.beforeId ?? 0, request.acknowledgedId ?? 0),
  };
  let facts = log.segmentFacts();
  if (facts.length === 0) return { partition: log.partition, firstIdBefore: 0, firstId: 0, bytes: 0 };
  const goesWhole = wouldGo(facts[facts.length - 1], policy);
  if (goesWhole && request.dryRun !== true) {
    // The last segment goes only when another one stands behind it.
    const appender = new Appender(log, Number.MAX_SAFE_INTEGER);
    try {
      appender.seal();
    } finally {
      appender.close();
    }
    facts = log.segmentFacts();
  } else if (goesWhole) {
    facts = withSeal(facts);
  }
  return remove(log, facts, segmentsToRemove(facts, policy), request.dryRun === true);
}

/** Applies a topic's retention, after a segment was begun. It costs no push that it fails. */
export function applyRetention(log: Partition, options: FilesTopicOptions, registry: ConsumerRegistry): void {
  const { retentionBytes, retentionSeconds, retentionAcknowledged } = options;
  if (retentionBytes === undefined && retentionSeconds === undefined && retentionAcknowledged !== true) {
    return;
  }
  try {
    const facts = log.segmentFacts();
    const count = segmentsToRemove(facts, {
      bytesMax: retentionBytes,
      beforeTime: retentionSeconds === undefined ? undefined : log.storage.now() - retentionSeconds * 1000,
      beforeId: retentionAcknowledged === true ? acknowledgedId(log, registry) : undefined,
    });
    remove(log, facts, count, false);
  } catch {
    // The next new segment tries again.
  }
}

/** What would be there once the last segment was sealed. */
function withSeal(facts: readonly SegmentFacts[]): SegmentFacts[] {
  const last = facts[facts.length - 1];
  const { endId, newestTime } = last;
  return [
    ...facts.slice(0, -1),
    { ...last, bytes: last.bytes + 2 * RECORD_BYTES },
    { baseId: endId, endId, bytes: SEGMENT_HEADER_BYTES, newestTime, needsBaseId: endId },
  ];
}

function wouldGo({ baseId, endId, newestTime }: SegmentFacts, policy: RetentionPolicy): boolean {
  if (endId === baseId) return false;
  return policy.bytesMax === 0 ||
    (policy.beforeTime !== undefined && newestTime < policy.beforeTime) ||
    (policy.beforeId !== undefined && endId <= policy.beforeId);
}

function remove(log: Partition, facts: readonly SegmentFacts[], count: number, dryRun: boolean): TrimResult {
  let bytes = 0;
  for (const segment of facts.slice(0, count)) {
    bytes += segment.bytes;
    if (!dryRun) log.removeSegment(segment.baseId);
  }
  return { partition: log.partition, firstIdBefore: facts[0].baseId, firstId: facts[count].baseId, bytes };
}
