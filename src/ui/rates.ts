import type { Topic } from "../../mod.ts";
import type { Rates } from "./contract.ts";
import { ownConsumer } from "./own_consumer.ts";

/** Places looked up for one answer, over all partitions. */
const LOOKUPS_MAX = 1500;
const SPANS_MAX = 60;
const SPANS_MIN = 6;
/** An engine that takes longer to answer is not asked on. */
const PATIENCE_MS = 3000;

/**
 * How many events were stored in equal spans of time. Nothing is scanned: for each border the log is asked which
 * event comes after it.
 */
export async function ratesOf(
  topic: Topic,
  { from, to, spansMax = SPANS_MAX }: { from: number; to: number; spansMax?: number | undefined },
): Promise<Rates> {
  const partitions = topic.partitions.map((_, partition) => partition);
  const spans = Math.min(SPANS_MAX, spansMax, Math.floor(LOOKUPS_MAX / partitions.length) - 1);
  if (spans < SPANS_MIN || to <= from) return { times: [], events: [], unavailable: true };
  const times = Array.from({ length: spans + 1 }, (_, at) => from + (to - from) * at / spans);
  const before: number[] = [];
  // With partitions of its own it is not a member of a group, which an engine may write down.
  await using consumer = ownConsumer(topic, { from: "latest", partitions });
  await consumer.ready();
  const beganMs = performance.now();
  for (const time of times) {
    if (performance.now() - beganMs > PATIENCE_MS) return { times: [], events: [], unavailable: true };
    await consumer.seek({ time });
    before.push(partitions.reduce((sum, partition) => sum + consumer.position(partition), 0));
  }
  return { times, events: before.slice(1).map((events, at) => Math.max(0, events - (before[at] ?? 0))) };
}
