/**
 * End-to-end latency: one process pushes at a steady rate and puts the push time into each event; another one
 * pulls and compares it with the same clock.
 *
 * @module
 */
import { setTimeout } from "node:timers/promises";
import { FullDataSelector, type Topic } from "../../../mod.ts";
import { DataPool } from "./content.ts";
import type { Gate } from "./produce.ts";
import { clock, type Measured, Stopwatch } from "./stopwatch.ts";

/** How to push and pull. */
export interface PaceSettings {
  /** Number of events. */
  events: number;
  /** Events/s. */
  rate: number;
  /** Size of each event's data part. */
  dataBytes: number;
}

/** Metadata of a timed event. */
interface Timed {
  /** Counts from 0. */
  id: number;
  /** Push time according to `clock()`. */
  sent: number;
}

/** Number of initial events to ignore. */
const WARM_UP_EVENTS = 200;

/** Pushes at a steady rate; `timings` contains the delay of each push. */
export async function measurePacedPush(
  topic: Topic,
  { events, rate, dataBytes }: PaceSettings,
  { gate }: { gate: Gate },
): Promise<Measured> {
  await using producer = topic.producer("bench");
  const pool = new DataPool(dataBytes);
  await gate();
  const late: number[] = [];
  const watch = new Stopwatch();
  const begunAt = clock();
  for (let id = 0; id < events;) {
    const dueAt = begunAt + id * 1000 / rate;
    const now = clock();
    if (now < dueAt) {
      await setTimeout(Math.max(1, Math.floor(dueAt - now)));
      continue;
    }
    late.push(now - dueAt);
    producer.push({ id, sent: clock() }, pool.next());
    id++;
  }
  await producer.flush();
  return { ...watch.stop({ events, bytes: events * dataBytes }), timings: { late } };
}

/** Pulls what is pushed from now on; `timings` contains the latency of each event. */
export async function measurePacedPull(
  topic: Topic,
  { events, dataBytes }: PaceSettings,
  { gate }: { gate: Gate },
): Promise<Measured> {
  await using consumer = topic.consumer(`bench-${Date.now()}-${Math.random()}`, {
    from: "latest",
    ...(dataBytes === 0 ? {} : { dataSelector: FullDataSelector }),
  });
  await consumer.ready();
  await gate();
  const latency: number[] = [];
  const watch = new Stopwatch();
  for (let left = events; left > 0; left--) {
    const event = await consumer.pull();
    const { id, sent } = event.metadata as unknown as Timed;
    if (id >= Math.min(WARM_UP_EVENTS, Math.floor(events / 2))) latency.push(clock() - sent);
  }
  return { ...watch.stop({ events, bytes: events * dataBytes }), timings: { latency } };
}
