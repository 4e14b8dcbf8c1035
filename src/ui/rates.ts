import type { Topic } from "../../mod.ts";
import type { Rates } from "./contract.ts";
import { ownConsumer } from "./event_reader.ts";

/** Maximum number of lookups for one response, over all partitions. */
const LOOKUPS_MAX = 1500;
const SPANS_MAX = 60;
const SPANS_MIN = 6;
/** If the engine takes longer than this, no rates are returned. */
const TIME_LIMIT_MS = 3000;

/**
 * The number of events stored per time interval. Nothing is scanned: the log is asked for the first event after
 * each boundary.
 */
export async function ratesOf(
  topic: Topic,
  { from, to, spansMax = SPANS_MAX }: { from: number; to: number; spansMax?: number | undefined },
): Promise<Rates> {
  const partitions = (await topic.describe()).filter(({ fault }) => fault === undefined)
    .map(({ partition }) => partition);
  const spans = Math.min(SPANS_MAX, spansMax, Math.floor(LOOKUPS_MAX / partitions.length) - 1);
  if (partitions.length === 0 || spans < SPANS_MIN || to <= from) {
    return { times: [], events: [], unavailable: true };
  }
  const times = Array.from({ length: spans + 1 }, (_, at) => from + (to - from) * at / spans);
  const before: number[] = [];
  // With explicit partitions it does not join a group, which an engine may record.
  await using consumer = ownConsumer(topic, { from: "latest", partitions });
  await consumer.ready();
  const beganMs = performance.now();
  for (const time of times) {
    if (performance.now() - beganMs > TIME_LIMIT_MS) return { times: [], events: [], unavailable: true };
    await consumer.seek({ time });
    before.push(partitions.reduce((sum, partition) => sum + consumer.position(partition), 0));
  }
  return { times, events: before.slice(1).map((events, at) => Math.max(0, events - (before[at] ?? 0))) };
}
