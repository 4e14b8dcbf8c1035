import { type ConsumerOptions, type DataSelector, FullDataSelector, type Topic } from "../../../mod.ts";
import { type Measured, Stopwatch } from "./stopwatch.ts";

/** What is read, and how. */
export interface ConsumeSettings {
  /** Number of events after which to stop; the topic must hold them. */
  events: number;
  /** Bytes an event has, metadata and data, for the record. */
  eventBytes: number;
  /** Whether every metadata is parsed. */
  parse: boolean;
  /** Share of the events whose data is wanted, 0 to 1. */
  dataInterest: number;
  /** Share of the data that is wanted of these, 0 to 1. */
  dataSelectivity: number;
  /** How events are asked for. */
  by: "batches" | "events" | "pull";
  /** Options of the consumer. */
  consumer: Pick<ConsumerOptions, "batchSize" | "maxNumBatches" | "partitions">;
}

/** Reads events from the start, by a consumer name that is new. */
export async function measureConsume(topic: Topic, settings: ConsumeSettings): Promise<Measured> {
  const watch = new Stopwatch();
  const dataBytes = await consumeAll(topic, settings);
  const { events, eventBytes } = settings;
  return watch.stop({ events, bytes: dataBytes === 0 ? events * eventBytes : events * eventBytes });
}

/** Reads events; gives the bytes of data that came with them. */
export async function consumeAll(topic: Topic, settings: ConsumeSettings): Promise<number> {
  const { events, parse, by, dataInterest, dataSelectivity } = settings;
  const dataSelector = selectorOf(dataInterest, dataSelectivity);
  await using consumer = topic.consumer(`bench-${Date.now()}-${Math.random()}`, {
    ...settings.consumer,
    ...(dataSelector === undefined ? {} : { dataSelector }),
  });
  let seen = 0;
  let dataBytes = 0;
  if (by === "batches") {
    for await (const batch of consumer.batches()) {
      for (const event of batch) {
        if (parse) void event.metadata;
        if (dataSelector !== undefined) dataBytes += event.data?.byteLength ?? 0;
      }
      seen += batch.length;
      if (seen >= events) break;
    }
  } else if (by === "events") {
    for await (const event of consumer.events()) {
      if (parse) void event.metadata;
      if (dataSelector !== undefined) dataBytes += event.data?.byteLength ?? 0;
      if (++seen >= events) break;
    }
  } else {
    while (seen < events) {
      const event = await consumer.pull();
      if (parse) void event.metadata;
      if (dataSelector !== undefined) dataBytes += event.data?.byteLength ?? 0;
      seen++;
    }
  }
  return dataBytes;
}

/** Which data is wanted; undefined for none. */
function selectorOf(interest: number, selectivity: number): DataSelector | undefined {
  if (interest <= 0 || selectivity <= 0) return undefined;
  if (interest >= 1 && selectivity >= 1) return FullDataSelector;
  return (_metadata, descriptor) => {
    if (interest < 1 && Math.random() >= interest) return null;
    return descriptor.makeSubView(0, Math.floor(descriptor.size * selectivity));
  };
}
