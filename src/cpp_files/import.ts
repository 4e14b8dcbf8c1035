import { componentDocument } from "../components/registry.ts";
import type { ComponentOptions, Driver } from "../driver.ts";
import {
  ContentMismatchError,
  CorruptedLogError,
  InvalidOptionError,
  LimitExceededError,
  TopicDeletedError,
} from "../errors.ts";
import { firstFailure } from "../async.ts";
import type { JsonObject } from "../json.ts";
import { type LargeMetadataOptions, largeMetadataRule } from "../metadata/large_metadata.ts";
import type { PartitionDescription } from "../contract.ts";
import { checkReachable, ofPartition } from "../contract/partitions.ts";
import type { Producer } from "../producer.ts";
import type { Topic } from "../topic.ts";
import { isUnfinished, UNFINISHED_CONSUMER } from "../topic/draft.ts";
import { canonicalJson } from "./canonical_json.ts";
import { compareEvents } from "./compare.ts";
import { importedComponents } from "./components.ts";
import { MetadataReader } from "./metadata_reader.ts";
import type { CppEvent } from "./partition.ts";
import { foreign, overtaken, pushAll } from "./push_events.ts";
import { SourcePartition } from "./source_partition.ts";
import { CppTopic } from "./topic.ts";
import {
  type PartitionTransfer,
  sumOf,
  type TopicTransfer,
  type TransferCount,
  type TransferProgress,
} from "./transfer.ts";
import { counted } from "../text/counted.ts";

/** What {@linkcode importCppFiles} accepts. */
export interface CppImportOptions extends LargeMetadataOptions {
  /** The `root_path` of the C++ driver. */
  rootPath: string;
  /** Name of the topic there. */
  topic: string;
  /** The driver to import into. */
  driver: Driver;
  /** Name of the imported topic. Default: the same. */
  into?: string | undefined;
  /** Options of the new topic, besides `num_partitions`. */
  topicOptions?: JsonObject | undefined;
  /** Components of the new topic, instead of those in C++. */
  components?: ComponentOptions | undefined;
  /** Whether to import the events before the damage of a damaged store. Default: false. */
  partial?: boolean | undefined;
  /** Aborts the import; a later call resumes it. */
  signal?: AbortSignal | undefined;
  /** Called periodically with the progress. */
  onProgress?: TransferProgress | undefined;
  /** Called with a sentence about each difference from the C++ topic. */
  onWarning?: ((text: string) => void) | undefined;
}

/**
 * Copies a topic of the C++ files driver to another driver. Every event keeps its partition, its id, its exact
 * metadata and its data.
 *
 * A new topic becomes visible only when it is complete. The same call resumes an interrupted import: what is
 * stored is compared, and the rest is added. A topic with other content is rejected with `ContentMismatchError`; what
 * an interrupted import left of other content is removed.
 * Finally everything stored is read back and compared, metadata and data byte by byte.
 *
 * Throws `TopicNotFoundError`, `CorruptedLogError` for a damaged store, and errors of the driver. The C++ store is
 * only read; events added to it in the meantime are left to the next call.
 *
 * @example
 * ```ts ignore
 * import { Driver } from "@diaspora/stream";
 * import { importCppFiles } from "@diaspora/stream/cpp-files";
 *
 * await using driver = await Driver.open("files", { root_path: "/data/new" });
 * const { events, dataBytes } = await importCppFiles({ rootPath: "/data/cpp", topic: "images", driver });
 * console.log(`${events} events, ${dataBytes} bytes of data`);
 * ```
 */
export async function importCppFiles(options: CppImportOptions): Promise<TopicTransfer> {
  largeMetadataRule(options);
  const source = CppTopic.open(options.rootPath, options.topic);
  await using _claim = await options.driver.claimTopic(options.into ?? options.topic);
  try {
    for (;;) {
      const transfer = await importOnce(source, options);
      if (transfer !== undefined) return transfer;
    }
  } catch (error) {
    throw firstFailure(error) instanceof TopicDeletedError ? lostTopic(options) : error;
  }
}

function lostTopic({ topic, into = topic }: CppImportOptions): ContentMismatchError {
  return new ContentMismatchError(
    `Cannot import into topic "${into}": it was deleted, or another import took its place while this one was stopped; ` +
      `see whether the topic is there before importing again`,
  );
}

/** Imports; undefined if an earlier run had left a draft with other content, which is removed. */
async function importOnce(source: CppTopic, options: CppImportOptions): Promise<TopicTransfer | undefined> {
  await using target = await openTarget(source, options);
  try {
    const transfer = await copyInto(target.topic, source, options);
    await target.publish();
    return transfer;
  } catch (error) {
    // No one else can see the draft, or delete it.
    if (error instanceof ContentMismatchError && target.discard !== undefined) {
      return void await target.discard();
    }
    const endsThere = error instanceof CorruptedLogError || error instanceof LimitExceededError;
    if (options.partial && endsThere) await target.publish();
    throw error;
  }
}

async function copyInto(target: Topic, source: CppTopic, options: CppImportOptions): Promise<TopicTransfer> {
  const descriptions = await target.describe();
  checkReachable(descriptions);
  for (const { partition, nextId } of descriptions.slice(source.numPartitions)) {
    if (nextId > 0) throw foreign(target, partition, `it has events, and there is no such partition in C++`);
  }
  await using producer = target.producer("import");
  // Only now it is known whether a serializer from a module loads.
  await producer.ready();
  const reader = MetadataReader.for(source, target.serializer);
  const rule = largeMetadataRule(options);
  const done: TransferCount = { events: 0, metadataBytes: 0, dataBytes: 0 };
  const transfers: PartitionTransfer[] = [];
  for (let number = 0; number < source.numPartitions; number++) {
    const partition = new SourcePartition(source.partition(number), reader, rule);
    if (partition.warning !== undefined) options.onWarning?.(partition.warning);
    const description = ofPartition(descriptions, number);
    transfers.push(await copyPartition(partition, description, { target, producer, done, options }));
  }
  for (const { partition, nextId } of await target.describe()) {
    if (nextId > (transfers[partition]?.events ?? 0)) throw overtaken(target, partition);
  }
  return sumOf(transfers);
}

interface PartitionJob {
  target: Topic;
  producer: Producer;
  /** Totals over all partitions, for progress. */
  done: TransferCount;
  options: CppImportOptions;
}

/** Compares what is stored, adds the rest, and compares that too. */
async function copyPartition(
  source: SourcePartition,
  { firstId, nextId }: PartitionDescription,
  { target: topic, producer, done, options: { signal, onProgress } }: PartitionJob,
): Promise<PartitionTransfer> {
  const { partition, count } = source;
  if (firstId > 0) throw foreign(topic, partition, "its first events were removed");
  if (nextId > count) {
    const why = `it has ${counted(nextId, "event")}, and C++ has ${count} to import`;
    throw foreign(topic, partition, why);
  }
  const before = { ...done };
  const add = (events: CppEvent[]): void => {
    done.events += events.length;
    for (const event of events) {
      done.metadataBytes += event.metadataBytes;
      done.dataBytes += event.dataBytes;
    }
    onProgress?.(done);
  };
  await compareEvents({ topic, source, fromId: 0, endId: nextId, signal, onSame: add });
  const onStored = (events: CppEvent[]): void => {
    add(events);
    signal?.throwIfAborted();
  };
  await pushAll(producer, source, { topic, fromId: nextId, onStored });
  await compareEvents({ topic, source, fromId: nextId, endId: count, signal });
  return {
    partition,
    events: done.events - before.events,
    metadataBytes: done.metadataBytes - before.metadataBytes,
    dataBytes: done.dataBytes - before.dataBytes,
    resumedEvents: nextId,
    ...source.largeCounts,
  };
}

interface Target extends AsyncDisposable {
  topic: Topic;
  /** Removes what an earlier run left, if this is a draft that one had begun. */
  discard?: (() => Promise<void>) | undefined;
  publish(): Promise<void>;
}

/** Opens the target topic: an existing one, or the draft of a new one, possibly begun by an earlier run. */
async function openTarget(source: CppTopic, options: CppImportOptions): Promise<Target> {
  const { driver, into = options.topic } = options;
  const target = await driver.topicExists(into)
    ? await openExisting(options)
    : await openDraft(source, options);
  const { length } = target.topic.partitions;
  if (length >= source.numPartitions) return target;
  await target[Symbol.asyncDispose]();
  throw new InvalidOptionError(
    "num_partitions",
    `Cannot import into topic "${into}": it has ${counted(length, "partition")}, and C++ has ` +
      `${source.numPartitions}`,
  );
}

const type = "default";
/** The events were validated and assigned to partitions when they were first pushed. */
const PLAIN: ComponentOptions = { validator: { type }, partitionSelector: { type } };

async function openExisting(options: CppImportOptions): Promise<Target> {
  const { driver, topic: name, into = name, components = {} } = options;
  const { serializer } = components;
  const topic = await driver.openTopic(into, serializer === undefined ? PLAIN : { ...PLAIN, serializer });
  const has = canonicalJson(JSON.stringify(topic.definition.serializer));
  const isOther = serializer !== undefined &&
    canonicalJson(JSON.stringify(componentDocument(topic.serializer))) !== has;
  if (isOther) {
    await topic.close();
    throw new ContentMismatchError(
      `Cannot import into topic "${into}": it has serializer ${has}, and another one is given; ` +
        `give the same, or import into a new topic`,
    );
  }
  return {
    topic,
    // An earlier run may have been killed, with an engine that cannot hide an incomplete topic.
    publish: async () => {
      if (await isUnfinished(topic)) await topic.deleteConsumer(UNFINISHED_CONSUMER);
    },
    [Symbol.asyncDispose]: () => topic.close(),
  };
}

async function openDraft(source: CppTopic, options: CppImportOptions): Promise<Target> {
  const { driver, into = options.topic, topicOptions = {}, components = {}, onWarning } = options;
  const { path: folder } = source;
  const documents = await importedComponents({ driver, folder, into, given: components, onWarning });
  const definition = { ...documents, options: { num_partitions: source.numPartitions, ...topicOptions } };
  const draft = await driver.draftTopic(into, definition, { components, filling: PLAIN, resume: true });
  const isResumed = (await draft.topic.describe()).some(({ nextId }) => nextId > 0);
  return {
    topic: draft.topic,
    discard: isResumed ? () => draft.discard() : undefined,
    publish: () => draft.publish(),
    [Symbol.asyncDispose]: () => draft[Symbol.asyncDispose](),
  };
}
