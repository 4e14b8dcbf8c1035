import type { Serializer } from "../components/contract.ts";
import type { IncomingBatch } from "../contract.ts";
import { DiasporaError, InvalidMetadataError } from "../errors.ts";
import type { Future } from "../future.ts";
import type { JsonValue } from "../json.ts";

/** Beyond this a batch is not parsed at once: too much would be made at a time. */
const TOGETHER_CHARS_MAX = 1024 * 1024;
/** A batch is parsed at once when at least this share of the one before was looked at. */
const TOGETHER_SHARE_MIN = 0.5;

/** An event as far as an acknowledgement goes. */
export interface AcknowledgedEvent {
  /** Its number in its partition. */
  readonly id: number;
  /** The partition it is stored in. */
  readonly partition: number;
}

/** What events need of their consumer. */
export interface EventOwner {
  /** Name of the topic. */
  readonly topic: string;
  /** Turns stored metadata into values. */
  readonly serializer: Serializer;
  /** Whether events come with their data part, whole, in memory that no user gave. */
  readonly givesWholeData: boolean;
  /** Share of the events of the batch before whose metadata was looked at; 1 at first. */
  readonly touchedShare: number;
  /** Stores that this event and every earlier one of its partition are done with. */
  acknowledge(event: AcknowledgedEvent): Future<true>;
}

/** Events read together, and what was parsed of them so far. */
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
  #touched = 0;

  constructor(readonly owner: EventOwner, readonly incoming: IncomingBatch) {
    this.partition = incoming.partition;
    this.baseId = incoming.baseId;
    this.count = incoming.count;
  }

  /** Share of the events whose metadata was looked at. */
  get touchedShare(): number {
    return this.#touched / this.count;
  }

  /** Where the data part of one event lies: topic, partition and id. */
  locationOf(index: number): string {
    return `${this.owner.topic}/${this.partition}/${this.baseId + index}`;
  }

  /** The metadata of one event, the same object each time. */
  metadata(index: number): JsonValue {
    const values = this.#values ??= this.#parseTogether() ?? [];
    this.#touched++;
    const value = values[index];
    if (value !== undefined) return value;
    if (this.#faults?.has(index)) throw this.#faultOf(index, this.#faults.get(index));
    return values[index] = this.#parseOne(index);
  }

  /** The metadata of one event as JSON text: as it was stored, where it was stored as text. */
  metadataText(index: number): string {
    const { incoming } = this;
    if (this.owner.serializer.writesJsonText !== true) return JSON.stringify(this.metadata(index));
    if (incoming.metadataText !== undefined) return incoming.metadataText(index);
    return decoder.decode(incoming.metadataBytes(index));
  }

  /**
   * Whether the serializer answers later, as its answer to the first event shows that it can read; undefined where
   * there is none, whose faults are said to the caller that looks at the metadata.
   */
  deserializesLater(): boolean | undefined {
    const { incoming, owner: { serializer } } = this;
    if (serializer.writesJsonText === true) return false;
    for (let index = 0; index < this.count; index++) {
      try {
        const answer = serializer.deserialize(incoming.metadataBytes(index));
        if (!(answer instanceof Promise)) return false;
        answer.catch(() => {});
        return true;
      } catch {
        // The next one tells.
      }
    }
    return undefined;
  }

  /** Deserializes everything in advance; needed where the serializer answers later. What fails is said later. */
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

  // One parse of the joined texts takes half the time of parsing each; lost if few events are looked at.
  #parseTogether(): JsonValue[] | undefined {
    const { incoming, owner, count } = this;
    if (incoming.joinedText === undefined || owner.serializer.writesJsonText !== true) return undefined;
    if (count === 1 || owner.touchedShare < TOGETHER_SHARE_MIN) return undefined;
    try {
      const text = incoming.joinedText();
      if (text.length > TOGETHER_CHARS_MAX) return undefined;
      const values = JSON.parse(`[${text}]`);
      return values.length === count ? values : undefined;
    } catch {
      // Another program stored what is not JSON, or not even text; parsing one by one tells which.
      return undefined;
    }
  }

  #parseOne(index: number): JsonValue {
    const { incoming, owner: { serializer } } = this;
    try {
      if (serializer.writesJsonText === true) return JSON.parse(this.metadataText(index));
      return serializer.deserialize(incoming.metadataBytes(index)) as JsonValue;
    } catch (error) {
      throw this.#faultOf(index, error);
    }
  }

  #faultOf(index: number, error: unknown): unknown {
    if (error instanceof DiasporaError && !(error instanceof InvalidMetadataError)) return error;
    const of = `metadata of partition ${this.partition} event ${this.baseId + index}`;
    const why = error instanceof Error ? error.message : String(error);
    // A serializer knows what is wrong, and not with which event.
    const message = error instanceof InvalidMetadataError && /^Cannot read metadata\b/.test(why)
      ? why.replace("metadata", of)
      : `Cannot parse ${of}: ${why}`;
    return new InvalidMetadataError(message, { cause: error });
  }
}

const decoder = new TextDecoder();
