import type { JsonValue, ProducerOptions, Topic } from "../../../mod.ts";
import { DataPool, makeContent } from "./content.ts";
import { collectGarbage, type Measured, Stopwatch } from "./stopwatch.ts";
import { type Shape, warmUpOf } from "./workload.ts";

/** What to push, and how. */
export interface ProduceSettings extends Shape {
  /** Push metadata as objects, or as JSON text. */
  form: "object" | "text";
  /** Options of the producer. */
  producer: ProducerOptions;
  /** Number of events between flushes; undefined for one flush at the end. */
  flushInterval?: number | undefined;
}

/** Resolves when the clock may start. */
export type Gate = () => Promise<void>;

/** Number of pushes between checks for room, if the engine blocks when there is none. */
const READY_INTERVAL = 1024;

/** Pushes events, and ends after the last flush. */
export async function measureProduce(
  topic: Topic,
  settings: ProduceSettings,
  { warmUp, gate, blocks }: { warmUp?: Topic; gate: Gate; blocks: boolean },
): Promise<Measured> {
  // Engines that cannot block reject pushes when there is no room.
  const readyInterval = blocks ? READY_INTERVAL : 1;
  const { metadata, bytes } = makeContent(settings, settings.form);
  const pool = new DataPool(settings.dataBytes);
  if (warmUp !== undefined) {
    await pushAll(warmUp, warmUpOf(settings), { metadata, pool, readyInterval });
  }
  collectGarbage();
  await gate();
  const watch = new Stopwatch();
  await pushAll(topic, settings, { metadata, pool, readyInterval });
  return watch.stop({ events: settings.events, bytes });
}

async function pushAll(
  topic: Topic,
  { events, flushInterval = Infinity, producer: options }: ProduceSettings,
  { metadata, pool, readyInterval }: { metadata: JsonValue[]; pool: DataPool; readyInterval: number },
): Promise<void> {
  await using producer = topic.producer("bench", options);
  let untilReady = readyInterval;
  let untilFlush = flushInterval;
  for (let index = 0, document = 0; index < events; index++) {
    producer.push(metadata[document]!, pool.next());
    if (++document === metadata.length) document = 0;
    if (--untilReady === 0) {
      untilReady = readyInterval;
      await producer.ready();
    }
    if (--untilFlush === 0) {
      untilFlush = flushInterval;
      await producer.flush();
    }
  }
  await producer.flush();
}
