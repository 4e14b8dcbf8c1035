import { cppDifferences } from "../components/validators/event_pattern/cpp_differences.ts";
import type { ComponentOptions, Driver } from "../driver.ts";
import {
  ContentMismatchError,
  CorruptedLogError,
  InvalidMetadataError,
  InvalidOptionError,
} from "../errors.ts";
import type { Future } from "../future.ts";
import type { JsonObject } from "../json.ts";
import type { Producer } from "../producer.ts";
import type { Topic } from "../topic.ts";
import { isUnfinished, UNFINISHED_CONSUMER } from "../topic_draft/created_at_once.ts";
import { compareEvents } from "./compare.ts";
import type { CppEvent, CppPartition } from "./partition.ts";
import type { Components } from "./layout.ts";
import { CppTopic } from "./topic.ts";
import {
  type PartitionTransfer,
  sumOf,
  type TopicTransfer,
  type TransferCount,
  type TransferProgress,
} from "./transfer.ts";

/** What {@linkcode importCppFiles} takes. */
export interface CppImportOptions {
  /** The `root_path` of the C++ driver. */
  rootPath: string;
  /** Name of the topic there. */
  topic: string;
  /** Where it goes. */
  driver: Driver;
  /** Name of the topic it becomes. Default: the same. */
  into?: string;
  /** Options of the new topic beside `num_partitions`. */
  topicOptions?: JsonObject;
  /** Components of the new topic, instead of those it has in C++. */
  components?: ComponentOptions;
  /** Whether a store that is damaged becomes a topic with the events before the damage. Default: false. */
  partial?: boolean;
  /** Ends the import, which a later one continues. */
  signal?: AbortSignal;
  /** Told now and then how far it is. */
  onProgress?: TransferProgress;
  /** Told in a sentence of each thing that is not here as it is in C++. */
  onWarning?: (text: string) => void;
}

/** Stored as one batch, so that a failure never leaves a hole: at most this many events, and bytes. */
const GROUP_EVENTS_MAX = 4096;
const GROUP_BYTES_MAX = 512 * 1024;

/**
 * Copies a topic of the C++ files driver into another driver's. Every event keeps its partition and its id, its
 * metadata character by character and its data.
 *
 * A new topic is there for others only when it is complete. A run that was cut short is continued by the same call: what
 * was stored is compared, and the rest follows. A topic that holds anything else is refused with `ContentMismatchError`. At the end everything stored
 * is read back, save the data parts, whose sizes are compared.
 *
 * Throws `TopicNotFoundError`, `CorruptedLogError` for a store that is damaged, and whatever the driver throws.
 * The C++ store is only read, and events that are added to it meanwhile are left to the next call.
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
  const source = CppTopic.open(options.rootPath, options.topic);
  await using target = await openTarget(source, options);
  try {
    const transfer = await copyInto(target.topic, source, options);
    await target.publish();
    return transfer;
  } catch (error) {
    if (options.partial && error instanceof CorruptedLogError) await target.publish();
    throw error;
  }
}

async function copyInto(target: Topic, source: CppTopic, options: CppImportOptions): Promise<TopicTransfer> {
  const descriptions = await target.describe();
  for (const { partition, nextId } of descriptions.slice(source.numPartitions)) {
    if (nextId > 0) throw foreign(target, partition, `it has events, and there is no such partition in C++`);
  }
  await using producer = target.producer("import");
  const done: TransferCount = { events: 0, metadataBytes: 0, dataBytes: 0 };
  const transfers: PartitionTransfer[] = [];
  for (let number = 0; number < source.numPartitions; number++) {
    const partition = source.partition(number);
    const { firstId, nextId } = descriptions[partition.partition];
    if (firstId > 0) throw foreign(target, partition.partition, "its first events were removed");
    if (nextId > partition.count) {
      throw foreign(
        target,
        partition.partition,
        `it has ${nextId} events, and there are ${partition.count} in C++`,
      );
    }
    const before = { ...done };
    const add = (events: CppEvent[]): void => {
      done.events += events.length;
      for (const event of events) {
        done.metadataBytes += event.metadataBytes;
        done.dataBytes += event.dataBytes;
      }
      options.onProgress?.(done);
    };
    const { signal } = options;
    await compareEvents({
      topic: target,
      source: partition,
      fromId: 0,
      endId: nextId,
      signal,
      onSame: add,
    });
    await pushAll(producer, partition, {
      fromId: nextId,
      onStored: (events) => {
        add(events);
        signal?.throwIfAborted();
      },
    });
    await compareEvents({
      topic: target,
      source: partition,
      fromId: nextId,
      endId: partition.count,
      signal,
    });
    transfers.push({
      partition: partition.partition,
      events: done.events - before.events,
      metadataBytes: done.metadataBytes - before.metadataBytes,
      dataBytes: done.dataBytes - before.dataBytes,
      resumedEvents: nextId,
    });
  }
  return sumOf(transfers);
}

interface Target extends AsyncDisposable {
  topic: Topic;
  publish(): Promise<void>;
}

/** Opens the topic to write to: one that is there, or the draft of a new one, which an earlier run may have begun. */
async function openTarget(source: CppTopic, options: CppImportOptions): Promise<Target> {
  const { driver, into = options.topic } = options;
  const target = await driver.topicExists(into)
    ? await openExisting(options)
    : await openDraft(source, options);
  if (target.topic.partitions.length >= source.numPartitions) return target;
  await target[Symbol.asyncDispose]();
  throw new InvalidOptionError(
    "num_partitions",
    `Cannot import into topic "${into}": it has ${target.topic.partitions.length} partitions, and there are ` +
      `${source.numPartitions} in C++`,
  );
}

const type = "default";
const PLAIN_DOCUMENTS: Components = {
  validator: { type },
  partitionSelector: { type },
  serializer: { type },
};
/** The events were validated, and their partitions chosen, when they were first pushed. */
const PLAIN: ComponentOptions = { validator: { type }, partitionSelector: { type } };

async function openExisting({ driver, topic: name, into = name }: CppImportOptions): Promise<Target> {
  const topic = await driver.openTopic(into, PLAIN);
  return {
    topic,
    // An earlier run may have been killed where the engine cannot hide what is not whole.
    publish: async () => {
      if (await isUnfinished(topic)) await topic.deleteConsumer(UNFINISHED_CONSUMER);
    },
    [Symbol.asyncDispose]: () => topic.close(),
  };
}

async function openDraft(source: CppTopic, options: CppImportOptions): Promise<Target> {
  const { driver, into = options.topic, topicOptions = {}, components = {} } = options;
  const documents: Partial<Components> = { ...source.components };
  for (const [kind, component] of Object.entries(components)) {
    if (component !== undefined) delete documents[kind as keyof Components];
  }
  for (const { type } of Object.values(documents)) {
    if (type.includes(":")) {
      throw foreignComponent(into, `"${type}" is code, which is not taken from a store`);
    }
  }
  const definition = { ...documents, options: { num_partitions: source.numPartitions, ...topicOptions } };
  const obstacles = driver.obstaclesOf(into, { ...PLAIN_DOCUMENTS, ...definition });
  for (const error of Object.values(obstacles)) throw foreignComponent(into, error.message, error);
  warnOfDifferences(into, documents, options.onWarning);
  const draft = await driver.draftTopic(into, definition, { components, filling: PLAIN, resume: true });
  return {
    topic: draft.topic,
    publish: () => draft.publish(),
    [Symbol.asyncDispose]: () => draft[Symbol.asyncDispose](),
  };
}

/** Names the verdicts of a validator that are not those of C++. */
function warnOfDifferences(
  topic: string,
  { validator }: Partial<Components>,
  onWarning?: (text: string) => void,
): void {
  if (validator?.type !== "eventbridge") return;
  for (const difference of cppDifferences(validator.pattern ?? validator.schema ?? {})) {
    onWarning?.(`Validator "eventbridge" of topic "${topic}" answers as Amazon does: ${difference}`);
  }
}

function foreignComponent(topic: string, why: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError(
    "components",
    `Cannot make topic "${topic}" as it is in C++: ${why}; name another component to import it with`,
    { cause },
  );
}

function foreign(topic: Topic, partition: number, why: string): ContentMismatchError {
  return new ContentMismatchError(
    `Cannot import into partition ${partition} of topic "${topic.name}": ${why}; import into a new topic`,
  );
}

/** Pushes the events from an id on, and tells of them when they are stored. */
async function pushAll(
  producer: Producer,
  source: CppPartition,
  { fromId, onStored }: { fromId: number; onStored: (events: CppEvent[]) => void },
): Promise<void> {
  let group: CppEvent[] = [];
  let bytes = 0;
  const store = async (): Promise<void> => {
    await producer.flush();
    onStored(group);
    group = [];
    bytes = 0;
  };
  for (const event of source.events(fromId)) {
    const size = event.metadataBytes + event.dataBytes;
    if (group.length === GROUP_EVENTS_MAX || bytes + size > GROUP_BYTES_MAX) await store();
    const data = event.data();
    const future = producer.push(event.document, data, { partition: source.partition });
    // What completes at once was refused; a stream must be used up before the next event is read.
    if (future.completed || !(data instanceof Uint8Array)) await storedOrBlamed(future, event);
    group.push(event);
    bytes += size;
  }
  await store();
}

async function storedOrBlamed(future: Future<number>, event: CppEvent): Promise<void> {
  try {
    await future;
  } catch (error) {
    throw error instanceof InvalidMetadataError ? event.damage("the metadata is not JSON") : error;
  }
}
