import {
  ContentMismatchError,
  DiasporaError,
  InvalidMetadataError,
  InvalidOptionError,
  LimitExceededError,
} from "../errors.ts";
import type { Future } from "../future.ts";
import type { Producer } from "../producer.ts";
import type { Topic } from "../topic.ts";
import type { CppEvent } from "./partition.ts";
import type { SourcePartition } from "./source_partition.ts";

/** Maximum number of events, and bytes, of a group stored as one batch, so that a failure never leaves a gap. */
const GROUP_EVENTS_MAX = 4096;
const GROUP_BYTES_MAX = 512 * 1024;

/** Pushes the events from an id on, and reports them when they are stored. */
export async function pushAll(
  producer: Producer,
  source: SourcePartition,
  { topic, fromId, onStored }: {
    topic: Topic;
    fromId: number;
    onStored: (events: CppEvent[]) => void;
  },
): Promise<void> {
  let group: { event: CppEvent; future: Future<number> }[] = [];
  let bytes = 0;
  let nextId = fromId;
  const store = async (): Promise<void> => {
    try {
      await producer.flush();
    } catch (error) {
      for (const { event, future } of group) await storedOrBlamed(future, event, source);
      throw error;
    }
    // Ids are consecutive: the last one is only correct if no other producer stored anything before it.
    const last = await group.at(-1)?.future;
    nextId += group.length;
    if (last !== undefined && last !== nextId - 1) throw overtaken(topic, source.partition);
    onStored(group.map(({ event }) => event));
    group = [];
    bytes = 0;
  };
  for (const event of source.events(fromId)) {
    let document = source.documentOf(event);
    if (typeof document !== "string") document = await document;
    const size = event.metadataBytes + event.dataBytes;
    if (group.length === GROUP_EVENTS_MAX || bytes + size > GROUP_BYTES_MAX) await store();
    const data = event.data();
    const future = producer.push(document, data, { partition: source.partition });
    // A push that completes at once failed; a stream must be consumed before the next event is read.
    if (future.completed || !(data instanceof Uint8Array)) await storedOrBlamed(future, event, source);
    group.push({ event, future });
    bytes += size;
  }
  await store();
}

async function storedOrBlamed(
  future: Future<number>,
  event: CppEvent,
  source: SourcePartition,
): Promise<void> {
  try {
    await future;
  } catch (error) {
    if (error instanceof LimitExceededError) throw source.tooLarge(event, error.message, error);
    const isOfMetadata = error instanceof InvalidMetadataError;
    // A serializer may throw errors of any class.
    const isOfSerializer = isOfMetadata || !(error instanceof DiasporaError);
    if (isOfSerializer && source.isMoved(event)) throw unwritable(event, source, error);
    if (!isOfMetadata) throw error;
    throw event.damage("the metadata is not JSON");
  }
}

function unwritable({ id, document }: CppEvent, source: SourcePartition, cause: unknown): InvalidOptionError {
  return new InvalidOptionError(
    "largeMetadata",
    `Cannot import event ${id} of partition ${source.partition}: the topic's serializer cannot write ${document}, ` +
      `which takes the place of its metadata; leave it out with --large-metadata skip ("largeMetadata" in a program)`,
    { cause },
  );
}

/** The error for a topic with other content. */
export function foreign(topic: Topic, partition: number, why: string): ContentMismatchError {
  return new ContentMismatchError(
    `Cannot import into partition ${partition} of topic "${topic.name}": ${why}; import into a new topic`,
  );
}

/** The error for a topic into which others push, too. */
export function overtaken(topic: Topic, partition: number): ContentMismatchError {
  return foreign(topic, partition, "another producer stored events in it during the import");
}
