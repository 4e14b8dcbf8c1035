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

/** The lag of a consumer over all partitions in which it is known, and why it is not known in one of the others. */
export function lagTotals(
  partitions: readonly PartitionLag[],
): { events: number; bytes: number; seconds: number; fault?: string } {
  const known = partitions.filter(({ fault }) => fault === undefined);
  const fault = partitions.find(({ fault }) => fault !== undefined)?.fault;
  return {
    events: known.reduce((sum, { events }) => sum + events, 0),
    bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: Math.max(0, ...known.map(({ seconds }) => seconds)),
    ...(fault === undefined ? {} : { fault }),
  };
}
