import type { ProducerOptions, Topic } from "../../../mod.ts";
import { DataPool, makeContent } from "./content.ts";
import { type Measured, Stopwatch } from "./stopwatch.ts";
import type { Shape } from "./workload.ts";

/** What is pushed, and how. */
export interface ProduceSettings extends Shape {
  /** Metadata as objects, or as ready text. */
  form: "object" | "text";
  /** Options of the producer. */
  producer: ProducerOptions;
  /** Events after which a flush is awaited; undefined for one at the end. */
  flushInterval?: number;
  /** Partition that is asked for; undefined leaves it to the topic. */
  partition?: number;
}

/** Pushes between two looks at whether there is room: engines that store later must not refuse. */
const READY_INTERVAL = 1024;
/** Pushed to another topic first, so that compilers have done their work when the clock starts. */
const WARM_UP_EVENTS = 2000;
const WARM_UP_BYTES = 64 * 1024 * 1024;

/** Pushes events, and ends when the last flush is done. */
export async function measureProduce(
  topic: Topic,
  settings: ProduceSettings,
  warmUp: Topic | undefined,
): Promise<Measured> {
  const content = makeContent(settings);
  const metadata = settings.form === "text" ? content.texts : content.objects;
  const pool = new DataPool(settings.dataBytes);
  if (warmUp !== undefined) {
    const events = Math.min(
      settings.events,
      WARM_UP_EVENTS,
      Math.ceil(WARM_UP_BYTES / (settings.dataBytes + settings.metadataBytes)),
    );
    await pushAll(warmUp, { ...settings, events, partition: undefined }, metadata, pool);
  }
  const bytes = contentBytes(settings, content.texts);
  const watch = new Stopwatch();
  await pushAll(topic, settings, metadata, pool);
  return watch.stop({ events: settings.events, bytes });
}

async function pushAll(
  topic: Topic,
  { events, flushInterval = Infinity, producer: options, partition }: ProduceSettings,
  metadata: Parameters<ReturnType<Topic["producer"]>["push"]>[0][],
  pool: DataPool,
): Promise<void> {
  const producer = topic.producer("bench", options);
  const documents = metadata.length;
  const pushOptions = partition === undefined ? undefined : { partition };
  let untilReady = READY_INTERVAL;
  let untilFlush = flushInterval;
  for (let index = 0, document = 0; index < events; index++) {
    producer.push(metadata[document], pool.next(), pushOptions);
    if (++document === documents) document = 0;
    if (--untilReady === 0) {
      untilReady = READY_INTERVAL;
      await producer.ready();
    }
    if (--untilFlush === 0) {
      untilFlush = flushInterval;
      await producer.flush();
    }
  }
  await producer.flush();
  await producer.close();
}

/** Bytes of metadata and data that the events hold; the first document stands for all where they are many. */
export function contentBytes({ events, dataBytes }: Shape, texts: readonly string[]): number {
  const sample = texts.slice(0, 10_000);
  const mean = sample.reduce((sum, { length }) => sum + length, 0) / sample.length;
  return Math.round(events * (mean + dataBytes));
}
