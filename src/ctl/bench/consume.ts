import {
  type ConsumerOptions,
  type DataSelector,
  type Event,
  FullDataSelector,
  reusingAllocator,
  type Topic,
} from "../../../mod.ts";
import type { Gate } from "./produce.ts";
import { type Measured, Stopwatch } from "./stopwatch.ts";

/** What to read, and how. */
export interface ConsumeSettings {
  /** Whether to parse all metadata. */
  parse: boolean;
  /** Share of the events whose data is read, 0 to 1. */
  dataInterest: number;
  /** Share of their data that is read, 0 to 1. */
  dataSelectivity: number;
  /** How events are read: in batches, one by one in a loop, or by one `pull` each. */
  by: "batches" | "events" | "pull";
  /** Read data into one reused buffer instead of new memory for each event. */
  ownBuffer?: boolean;
  /** Number of events after which to stop; undefined reads to the end. */
  events?: number | undefined;
  /** Options of the consumer. */
  consumer: Pick<ConsumerOptions, "batchSize" | "maxNumBatches" | "partitions">;
}

/** Reads events from the start, under a new consumer name. */
export async function measureConsume(
  topic: Topic,
  settings: ConsumeSettings,
  { warmUp, gate }: { warmUp?: Topic; gate: Gate },
): Promise<Measured> {
  const { events = Infinity, consumer: { partitions } } = settings;
  if (warmUp !== undefined) await consumeAll(warmUp, settings, await countOf(warmUp, partitions));
  const wanted = Math.min(events, await countOf(topic, partitions));
  await gate();
  const watch = new Stopwatch();
  return watch.stop(await consumeAll(topic, settings, wanted));
}

/** Counts the events that pass. */
class Counter {
  events = 0;
  dataBytes = 0;

  constructor(private readonly parse: boolean, private readonly withData: boolean) {}

  see(event: Event): void {
    this.events++;
    if (this.parse) void event.metadata;
    if (!this.withData) return;
    for (const buffer of event.dataBuffers) this.dataBytes += buffer.byteLength;
  }
}

async function consumeAll(
  topic: Topic,
  settings: ConsumeSettings,
  events: number,
): Promise<{ events: number; bytes: number }> {
  const { by } = settings;
  const dataSelector = selectorOf(settings);
  await using consumer = topic.consumer(`bench-${Date.now()}-${Math.random()}`, {
    ...settings.consumer,
    ...(dataSelector === undefined ? {} : { dataSelector }),
    ...(settings.ownBuffer === true ? { dataAllocator: reusingAllocator() } : {}),
  });
  const counter = new Counter(settings.parse, dataSelector !== undefined);
  if (events === 0) {
    await consumer.ready();
  } else if (by === "batches") {
    for await (const batch of consumer.batches()) {
      for (const event of batch) counter.see(event);
      if (counter.events >= events) break;
    }
  } else if (by === "events") {
    for await (const event of consumer.events()) {
      counter.see(event);
      if (counter.events >= events) break;
    }
  } else {
    while (counter.events < events) counter.see(await consumer.pull());
  }
  return { events: counter.events, bytes: counter.dataBytes };
}

async function countOf(topic: Topic, partitions?: readonly number[]): Promise<number> {
  return (await topic.describe())
    .filter(({ partition }) => partitions === undefined || partitions.includes(partition))
    .reduce((sum, { firstId, nextId }) => sum + nextId - firstId, 0);
}

/** The data to select; undefined for none. */
function selectorOf(
  { dataInterest: interest, dataSelectivity: selectivity }: ConsumeSettings,
): DataSelector | undefined {
  if (interest <= 0 || selectivity <= 0) return undefined;
  if (interest >= 1 && selectivity >= 1) return FullDataSelector;
  let wanted = 0;
  return (_metadata, descriptor) => {
    // Evenly spread, so that every run reads the same events.
    wanted += interest;
    if (wanted < 1) return null;
    wanted -= 1;
    return descriptor.makeSubView(0, Math.floor(descriptor.size * selectivity));
  };
}
