/**
 * Pushes that are on disk when they complete, alternating with the minimum that any program pays for that: a write
 * and an `fdatasync`.
 *
 * @module
 */
import { closeSync, fdatasync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import type { Topic } from "../../../mod.ts";
import { fillPseudoRandom, makeContent } from "./content.ts";
import type { Gate } from "./produce.ts";
import { type Measured, Stopwatch } from "./stopwatch.ts";

/** The amount of work. */
export interface DurableSettings {
  /** Number of pushes one at a time, and of bare writes. */
  events: number;
  /** Number of concurrent pushes in the second part. */
  concurrent: number;
  /** Size of the metadata. */
  metadataBytes: number;
  /** File for the bare writes. */
  path: string;
}

const syncLater = promisify(fdatasync);
const WARM_UP = 50;
/** What the log writes besides the metadata of one event. */
const OVERHEAD_BYTES = 76;

/** Times single pushes, bare writes, and concurrent pushes; the topic is `immediate`. */
export async function measureDurable(
  topic: Topic,
  { events, concurrent, metadataBytes, path }: DurableSettings,
  { gate }: { gate: Gate },
): Promise<Measured> {
  const { metadata: objects } = makeContent(
    { events, dataBytes: 0, metadataBytes, documents: 1000 },
    "object",
  );
  await using producer = topic.producer("bench");
  const record = new Uint8Array(metadataBytes + OVERHEAD_BYTES);
  fillPseudoRandom(record);
  const file = openSync(path, "a");
  const steps: Record<"blocking" | "awaited" | "push", (index: number) => unknown> = {
    blocking: () => {
      writeSync(file, record);
      fdatasyncSync(file);
    },
    awaited: async () => {
      writeSync(file, record);
      await syncLater(file);
    },
    push: (index) => producer.push(objects[index % objects.length]!),
  };
  const names = Object.keys(steps) as (keyof typeof steps)[];
  const timings: Record<keyof typeof steps | "together", number[]> = {
    blocking: [],
    awaited: [],
    push: [],
    together: [],
  };
  for (let index = 0; index < WARM_UP; index++) for (const name of names) await steps[name](index);
  await gate();
  const watch = new Stopwatch();
  // Alternating, so that other load on the disk affects both alike.
  for (let index = 0; index < events; index++) {
    for (const name of names) {
      const begun = performance.now();
      await steps[name](index);
      timings[name].push(performance.now() - begun);
    }
  }
  closeSync(file);
  const total = events * concurrent / 4;
  const begun = performance.now();
  let left = total;
  await Promise.all(Array.from({ length: concurrent }, async () => {
    while (left-- > 0) await producer.push(objects[left % objects.length]!);
  }));
  // One number: milliseconds per event with that concurrency.
  timings.together.push((performance.now() - begun) / total);
  return { ...watch.stop({ events, bytes: events * metadataBytes }), timings };
}
