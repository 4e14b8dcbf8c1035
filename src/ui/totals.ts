import type { PartitionDescription, PartitionLag } from "../../mod.ts";
import type { TopicTotals } from "./contract.ts";

/** Totals over the partitions of a topic. */
export function totalsOf(partitions: readonly PartitionDescription[]): TopicTotals {
  const totals: TopicTotals = { events: 0, bytes: 0, segments: 0, eventsMost: 0 };
  for (const { firstId, nextId, bytes, segments, oldestTime, newestTime } of partitions) {
    totals.events += nextId - firstId;
    totals.eventsMost = Math.max(totals.eventsMost, nextId - firstId);
    totals.bytes += bytes;
    totals.segments += segments;
    if (oldestTime !== undefined && nextId > firstId) {
      totals.oldestTime = Math.min(totals.oldestTime ?? Infinity, oldestTime);
    }
    if (newestTime !== undefined) totals.newestTime = Math.max(totals.newestTime ?? 0, newestTime);
  }
  return totals;
}

/** The lag of a consumer over all partitions. */
export function lagTotals(
  partitions: readonly PartitionLag[],
): { events: number; bytes: number; seconds: number } {
  return {
    events: partitions.reduce((sum, { events }) => sum + events, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: Math.max(0, ...partitions.map(({ seconds }) => seconds)),
  };
}
