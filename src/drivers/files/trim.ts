import { confirmedId } from "../../log/positions/confirm.ts";
import { Appender } from "../../log/write/appender.ts";
import { RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../log/format/bytes.ts";
import type { Partition } from "../../log/partition.ts";
import { type RetentionPolicy, type SegmentFacts, segmentsToRemove } from "../../log/retention.ts";
import { segmentFacts } from "../../log/segment_facts.ts";
import type { TrimRequest, TrimResult } from "../../contract.ts";
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

/** How often a removal is decided anew because a writer came to need what was to go. */
const DECISIONS_MAX = 10;

/** Removes what the request lets go, oldest segment first. */
export function trimPartition(
  log: Partition,
  request: TrimRequest & { acknowledgedId?: number },
): TrimResult {
  const policy: RetentionPolicy = {
    bytesMax: request.maxBytes,
    beforeTime: request.beforeTime === undefined ? undefined : Number(request.beforeTime),
    beforeId: request.beforeId === undefined && request.acknowledgedId === undefined
      ? undefined
      : Math.max(request.beforeId ?? 0, request.acknowledgedId ?? 0),
  };
  const facts = segmentFacts(log);
  if (facts.length === 0) return { partition: log.partition, firstIdBefore: 0, firstId: 0, bytes: 0 };
  const goesWhole = wouldGo(facts[facts.length - 1], policy);
  if (request.dryRun === true) {
    const planned = goesWhole ? withSeal(facts) : facts;
    return resultOf(log, planned, segmentsToRemove(planned, policy));
  }
  if (goesWhole) {
    // The last segment goes only when another one stands after it.
    const appender = new Appender(log, Number.MAX_SAFE_INTEGER);
    try {
      appender.seal();
    } finally {
      appender.close();
    }
  }
  log.removeLeftovers();
  return remove(log, policy);
}

/** Applies a topic's retention, after a segment was begun. It costs no push that it fails. */
export function applyRetention(log: Partition, options: FilesTopicOptions, registry: ConsumerRegistry): void {
  const { retentionBytes, retentionSeconds, retentionAcknowledged } = options;
  try {
    log.removeLeftovers();
    if (retentionBytes === undefined && retentionSeconds === undefined && retentionAcknowledged !== true) {
      return;
    }
    remove(log, {
      bytesMax: retentionBytes,
      storedBefore: retentionSeconds === undefined ? undefined : log.storage.now() - retentionSeconds * 1000,
      beforeId: retentionAcknowledged === true ? acknowledgedId(log, registry) : undefined,
    });
  } catch {
    // The next new segment tries again.
  }
}

/** What would be there once the last segment was sealed. */
function withSeal(facts: readonly SegmentFacts[]): SegmentFacts[] {
  const last = facts[facts.length - 1];
  const { endId } = last;
  return [
    ...facts.slice(0, -1),
    { ...last, bytes: last.bytes + 2 * RECORD_BYTES },
    { ...last, baseId: endId, bytes: SEGMENT_HEADER_BYTES, needsBaseId: endId },
  ];
}

function wouldGo({ baseId, endId, newestTime }: SegmentFacts, policy: RetentionPolicy): boolean {
  if (endId === baseId) return false;
  return policy.bytesMax === 0 ||
    (policy.beforeTime !== undefined && newestTime < policy.beforeTime) ||
    (policy.beforeId !== undefined && endId <= policy.beforeId);
}

function remove(log: Partition, policy: RetentionPolicy): TrimResult {
  for (let decision = 1;; decision++) {
    const facts = segmentFacts(log);
    const count = segmentsToRemove(facts, policy);
    const newestTime = facts.slice(0, count).reduce(
      (newest, { created, newestTime }) => Math.max(newest, created, newestTime),
      0,
    );
    if (count === 0 || log.removeBefore(facts[count].baseId, newestTime)) return resultOf(log, facts, count);
    if (decision === DECISIONS_MAX) return resultOf(log, facts, 0);
  }
}

function resultOf({ partition }: Partition, facts: readonly SegmentFacts[], count: number): TrimResult {
  const bytes = facts.slice(0, count).reduce((sum, segment) => sum + segment.bytes, 0);
  return { partition, firstIdBefore: facts[0].baseId, firstId: facts[count].baseId, bytes };
}
