import type { EventBatch } from "./event/event_batch.ts";
import { loadData } from "./event/load_data.ts";
import { dataMemory } from "./data/memory.ts";
import { type DataDescriptor, describeData } from "./data/descriptor.ts";
import type { Future } from "./future.ts";
import { makeInspectable, orFault } from "./inspect.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** The number of an event in its partition: consecutive, starting at 0, always a safe integer. */
export type EventID = number;

/** Whether an event's metadata was stored as JSON text, which `metadataText` then returns unchanged. */
export let isStoredAsText: (event: Event<unknown>) => boolean;
/** The data part that was delivered with an event, if it is complete and in memory that no one else uses. */
export let completeData: (event: Event<unknown>) => Uint8Array | undefined;

/**
 * A stored event, as delivered by a consumer. Metadata is parsed on first access; data is present only if the
 * consumer's data selector asked for it.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 1 });
 * await using topic = await driver.openTopic("readings");
 * await using producer = topic.producer("app");
 * await producer.push({ energy: 42 }, new Uint8Array(10));
 * await using consumer = topic.consumer("reader");
 * const event = await consumer.pull();
 * console.log(event.partition, event.id, event.metadata, event.dataDescriptor.size); // 0 0 { energy: 42 } 10
 * await event.acknowledge();
 * ```
 */
export class Event<T = JsonValue> {
  // It has no private methods and accessors: for those, engines mark each object, which costs a tenth of making it.
  readonly #batch: EventBatch;
  readonly #index: number;
  #buffers: readonly Uint8Array[] | undefined;

  static {
    isStoredAsText = (event) => event.#batch.owner.serializer.writesJsonText === true;
    completeData = (event) => event.#batch.owner.deliversWholeData ? event.data : undefined;
  }

  /** Created by consumers. */
  constructor(batch: EventBatch, index: number, buffers?: readonly Uint8Array[]) {
    this.#batch = batch;
    this.#index = index;
    this.#buffers = buffers;
  }

  /** Its number in its partition. */
  get id(): EventID {
    return this.#batch.baseId + this.#index;
  }

  /** The partition it is stored in. */
  get partition(): number {
    return this.#batch.partition;
  }

  /** When its batch was stored, in milliseconds since 1970. */
  get timestamp(): number {
    return this.#batch.incoming.timestamp;
  }

  /** The metadata: the same object on every access. */
  get metadata(): T {
    return this.#batch.metadata(this.#index) as T;
  }

  /**
   * The metadata as JSON text. With the default serializer this is exactly the stored text, so numbers too large
   * for a double are intact.
   */
  get metadataText(): string {
    return this.#batch.metadataText(this.#index);
  }

  /**
   * The selected bytes of the data part; `undefined` if none were selected. If an allocator returned several
   * buffers this is a concatenated copy: use {@linkcode Event.dataBuffers} instead.
   */
  get data(): Uint8Array | undefined {
    const buffers = this.#buffers;
    if (buffers === undefined) return undefined;
    return buffers.length === 1 ? buffers[0] : joined(buffers);
  }

  /** The buffers that hold the selected bytes, as the allocator returned them; empty if none were selected. */
  get dataBuffers(): readonly Uint8Array[] {
    return this.#buffers ?? [];
  }

  /** Size of the whole data part in bytes, whether or not any of it was delivered. */
  get dataSize(): number {
    return this.#batch.dataSize(this.#index);
  }

  /** Describes the whole data part, whether or not any of it was delivered. */
  get dataDescriptor(): DataDescriptor {
    return describeData(this.dataSize, this.#batch.ownerOf(this.#index));
  }

  /**
   * Reads the data part, or the part of it that the descriptor selects, and verifies its checksums. Works as long
   * as the consumer is open; does not change {@linkcode Event.data}.
   */
  async loadData(descriptor: DataDescriptor = this.dataDescriptor): Promise<Uint8Array> {
    const [whole] = await loadData(this.#batch.incoming, this.#index, descriptor);
    // Without given buffers there is a single one.
    return whole!;
  }

  /**
   * Acknowledges this event and every earlier one of its partition: a consumer of this name will start after it.
   * Stored when the future completes; several in one turn of the event loop become one write. In `process` with
   * `concurrency`, events are only stored as acknowledged up to the first event whose callback is running or has
   * failed; the rest follows as callbacks end.
   */
  acknowledge(): Future<true> {
    return this.#batch.owner.acknowledge(this);
  }

  /**
   * What `JSON.stringify` shows: id, partition, timestamp, metadata (as parsed, so numbers are doubles) and the
   * size of the data part in bytes, but not its content. `console.log` shows the same.
   */
  toJSON(): JsonObject {
    const { id, partition, timestamp, dataSize } = this;
    return { id, partition, timestamp, metadata: this.metadata as JsonValue, dataSize };
  }
}

makeInspectable<Event<unknown>>(Event, "Event", (event) => ({
  id: event.id,
  partition: event.partition,
  timestamp: new Date(event.timestamp),
  metadata: orFault(() => event.metadata),
  dataSize: event.dataSize,
}));

function joined(buffers: readonly Uint8Array[]): Uint8Array {
  const whole = dataMemory(buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0));
  let offset = 0;
  for (const buffer of buffers) {
    whole.set(buffer, offset);
    offset += buffer.byteLength;
  }
  return whole;
}
