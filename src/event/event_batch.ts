import type { Serializer } from "../components/contract.ts";
import type { IncomingBatch } from "../contract.ts";
import { DiasporaError, InvalidMetadataError } from "../errors.ts";
import type { Future } from "../future.ts";
import type { JsonValue } from "../json.ts";
import { isThenable } from "../async.ts";
import { jsonWithNegativeZero } from "../metadata/negative_zero.ts";
import { messageOf } from "../text/message.ts";

/** A batch with more text than this is not parsed as a whole: it would create too many objects at once. */
const BATCH_PARSE_CHARS_MAX = 1024 * 1024;
/** A batch is parsed as a whole if at least this share of the previous one was accessed. */
const BATCH_PARSE_SHARE_MIN = 0.5;

/** The part of an event that an acknowledgement needs. */
export interface AcknowledgedEvent {
  /** Its number in its partition. */
  readonly id: number;
  /** The partition it is stored in. */
  readonly partition: number;
}

/** What events need from their consumer. */
export interface EventOwner {
  /** Name of the topic. */
  readonly topic: string;
  /** Deserializes stored metadata. */
  readonly serializer: Serializer;
  /** Whether events are delivered with their complete data part, in memory not allocated by the user. */
  readonly deliversWholeData: boolean;
  /** Share of the previous batch's events whose metadata was accessed; initially 1. */
  readonly accessedShare: number;
  /** Acknowledges this event and every earlier one of its partition. */
  acknowledge(event: AcknowledgedEvent): Future<true>;
}

/** Events read together, and the metadata parsed so far. */
export class EventBatch {
  /** Partition number. */
  readonly partition: number;
  /** Id of the first event. */
  readonly baseId: number;
  /** Number of events. */
  readonly count: number;
  #values: (JsonValue | undefined)[] | undefined = undefined;
  /** Why events could not be deserialized in advance, by index. */
  #faults: Map<number, unknown> | undefined = undefined;
  #accessed = 0;

  constructor(readonly owner: EventOwner, readonly incoming: IncomingBatch) {
    this.partition = incoming.partition;
    this.baseId = incoming.baseId;
    this.count = incoming.count;
  }

  /** Share of the events whose metadata was accessed. */
  get accessedShare(): number {
    return this.#accessed / this.count;
  }

  /** Which event a data part belongs to. */
  ownerOf(index: number): { topic: string; partition: number; id: number } {
    return { topic: this.owner.topic, partition: this.partition, id: this.baseId + index };
  }

  /** Size of one event's data part, in bytes. */
  dataSize(index: number): number {
    return this.incoming.dataSize(index);
  }

  /** The metadata of one event, the same object on every access. */
  metadata(index: number): JsonValue {
    const values = this.#values ??= this.#parseBatch() ?? [];
    this.#accessed++;
    const value = values[index];
    if (value !== undefined) return value;
    if (this.#faults?.has(index)) throw this.#faultOf(index, this.#faults.get(index));
    return values[index] = this.#parseOne(index);
  }

  /** The metadata of one event as JSON text: the stored text, if it was stored as text. */
  metadataText(index: number): string {
    if (this.owner.serializer.writesJsonText !== true) return jsonWithNegativeZero(this.metadata(index));
    try {
      return this.#storedText(index);
    } catch (error) {
      throw this.#faultOf(index, error);
    }
  }

  /**
   * Whether the serializer is asynchronous, judged by the first event it can deserialize; undefined if it cannot
   * deserialize any. The caller that accesses the metadata gets the error.
   */
  deserializesAsynchronously(): boolean | undefined {
    const { incoming, owner: { serializer } } = this;
    if (serializer.writesJsonText === true) return false;
    for (let index = 0; index < this.count; index++) {
      try {
        const answer = serializer.deserialize(incoming.metadataBytes(index));
        if (!isThenable(answer)) return false;
        answer.then(undefined, () => {});
        return true;
      } catch {
        // Try the next one.
      }
    }
    return undefined;
  }

  /**
   * Deserializes everything in advance; needed if the serializer is asynchronous. Errors are reported on access.
   */
  async deserialize(): Promise<void> {
    const { incoming, owner } = this;
    this.#values = await Promise.all(Array.from({ length: this.count }, async (_, index) => {
      try {
        return await owner.serializer.deserialize(incoming.metadataBytes(index));
      } catch (error) {
        (this.#faults ??= new Map()).set(index, error);
        return undefined;
      }
    }));
  }

  #storedText(index: number): string {
    const { incoming } = this;
    return incoming.metadataText?.(index) ?? decoder.decode(incoming.metadataBytes(index));
  }

  // Parsing the joined texts once takes half the time of parsing each, but is wasted if few events are accessed.
  #parseBatch(): JsonValue[] | undefined {
    const { incoming, owner, count } = this;
    if (incoming.joinedText === undefined || owner.serializer.writesJsonText !== true) return undefined;
    if (count === 1 || owner.accessedShare < BATCH_PARSE_SHARE_MIN) return undefined;
    try {
      const text = incoming.joinedText();
      if (text.length > BATCH_PARSE_CHARS_MAX) return undefined;
      const values = JSON.parse(`[${text}]`);
      return values.length === count ? values : undefined;
    } catch {
      // Another program stored something other than JSON, or not even text; parsing one by one finds it.
      return undefined;
    }
  }

  #parseOne(index: number): JsonValue {
    const { incoming, owner: { serializer } } = this;
    try {
      if (serializer.writesJsonText === true) return JSON.parse(this.#storedText(index));
      return serializer.deserialize(incoming.metadataBytes(index)) as JsonValue;
    } catch (error) {
      throw this.#faultOf(index, error);
    }
  }

  #faultOf(index: number, error: unknown): unknown {
    if (error instanceof DiasporaError && !(error instanceof InvalidMetadataError)) return error;
    const of = `metadata of partition ${this.partition} event ${this.baseId + index}`;
    const why = messageOf(error);
    // A serializer knows what is wrong, but not in which event.
    const message = error instanceof InvalidMetadataError && /^Cannot read metadata\b/.test(why)
      ? why.replace("metadata", of)
      : `Cannot parse ${of}: ${why}`;
    return new InvalidMetadataError(message, { cause: error });
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
