import type { DataPart } from "../data/view.ts";
import { BackpressureError } from "../errors.ts";
import { completeData, Event, type EventID, isStoredAsText } from "../event.ts";
import { dataPieces } from "../event/data_pieces.ts";
import type { Future } from "../future.ts";
import { Metadata, type PushedMetadata } from "../metadata.ts";
import type { PushOptions } from "./producer_options.ts";
import { PushEnvelope } from "./push_envelope.ts";

/** What the stream needs of a producer. */
interface PushTarget<T> {
  readonly producer: {
    /** Adds an event. */
    push(metadata: T | string | Metadata, data?: DataPart, options?: PushOptions): Future<EventID>;
    /** Stores everything pushed before. */
    flush(): Future<true>;
    /** Resolves when there is room. */
    ready(): Promise<void>;
  };
  /** Whether a push failed unobserved. */
  hasFailed(): boolean;
  /** Resolves when a batch in flight is stored or has failed; at once if there is none. */
  moreRoom(): Promise<void>;
  /** Resolves when everything pushed before is stored or has failed; the next flush reports the failures. */
  settled(): Promise<void>;
}

/**
 * A chunk for `Producer.writable()`: metadata by itself, as `push` accepts it; a {@linkcode PushEnvelope} for
 * metadata with data or a partition; or an event of a consumer, which is stored again unchanged.
 */
export type PushItem<T> = PushedMetadata<T> | PushEnvelope<T> | Event<T>;

/** Larger data parts of events are copied piece by piece. */
const WHOLE_DATA_BYTES_MAX = 8 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** A stream that pushes into a producer. */
export function writableOf<T>(target: PushTarget<T>): WritableStream<PushItem<T>> {
  const { producer } = target;
  return new WritableStream<PushItem<T>>({
    async write(chunk) {
      // The flush throws the failure, which errors the stream.
      if (target.hasFailed()) await producer.flush();
      if (chunk instanceof Event) await pushEvent(target, chunk);
      else if (chunk instanceof PushEnvelope) {
        const { metadata, data, options } = chunk;
        await pushed(target, () => producer.push(metadata, data, options));
      } else await pushed(target, () => producer.push(chunk));
    },
    async close() {
      await producer.flush();
    },
    // What was written before is still pushed; its failures are reported by the next flush.
    abort: () => target.settled(),
  });
}

/**
 * Pushes when there is room. An immediate rejection errors this write; a later failure errors a later write,
 * unless this one waits until the event is stored.
 */
async function pushed<T>(
  { producer, moreRoom }: PushTarget<T>,
  push: () => Future<EventID>,
  until: "taken" | "stored" = "taken",
): Promise<void> {
  for (;;) {
    await producer.ready();
    const future = push();
    if (!future.completed && until === "taken") return;
    try {
      await future;
      return;
    } catch (error) {
      if (!(error instanceof BackpressureError)) throw error;
      // Another writer took the room, or this is a partition that stores nothing for now: `ready` does not wait for those.
      await moreRoom();
    }
  }
}

async function pushEvent<T>(target: PushTarget<T>, event: Event<T>): Promise<void> {
  const { producer } = target;
  const metadata = metadataOf(event);
  const options = { partition: event.partition };
  const { size } = event.dataDescriptor;
  const data = size === 0 ? undefined : completeData(event);
  if (size <= WHOLE_DATA_BYTES_MAX || data !== undefined) {
    const whole = size === 0 ? undefined : data ?? await event.loadData();
    await pushed(target, () => producer.push(metadata, whole, options));
    return;
  }
  // Stored before the next event is read, or both sides would hold pieces of many.
  await pushed(target, () => producer.push(metadata, dataPieces(event, PIECE_BYTES), options), "stored");
}

/** The stored text; if it was not stored as text, the value (where a string is not a document). */
function metadataOf<T>(event: Event<T>): T | string | Metadata {
  if (isStoredAsText(event)) return event.metadataText;
  const { metadata } = event;
  return typeof metadata === "string" ? Metadata.text(metadata) : metadata;
}
