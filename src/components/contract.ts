/**
 * What a component implements: a validator says which metadata a topic takes, a partition selector where an
 * event goes, a serializer how its metadata is written. Each can describe itself as a document, which is
 * stored with the topic and from which other processes make it again.
 *
 * @module
 */
import type { ComponentDocument, PartitionInfo } from "../contract.ts";
import type { JsonValue } from "../json.ts";

export type { ComponentDocument, PartitionInfo };

/**
 * Decides which events a topic takes. `T` is the type of the metadata that passes; it exists for the type
 * checker alone.
 *
 * @example
 * ```ts
 * import type { ComponentDocument, JsonValue, Validator } from "@diaspora/stream";
 * import { InvalidMetadataError } from "@diaspora/stream";
 *
 * class ShortText implements Validator<string> {
 *   validate(metadata: JsonValue): void {
 *     if (typeof metadata !== "string" || metadata.length > 80) {
 *       throw new InvalidMetadataError("Cannot accept metadata: expected a string of at most 80 characters");
 *     }
 *   }
 *   config(): ComponentDocument {
 *     return { type: "short-text:./short_text.ts" };
 *   }
 * }
 * ```
 */
export interface Validator<T = JsonValue> {
  /**
   * Returns (or resolves) when the event is fine; throws (or rejects with) `InvalidMetadataError` when it is
   * not. `data` is the data part in order, empty where there is none or where it is a stream.
   */
  validate(metadata: JsonValue, data: readonly Uint8Array[]): void | Promise<void>;
  /** The document that recreates this validator. */
  config(): ComponentDocument;
  /** True where every event passes, so that producers need not ask. */
  readonly acceptsAll?: boolean;
  /** Never set: carries `T` to the type checker. */
  readonly types?: { readonly metadata: T };
}

/**
 * Decides which partition an event goes to.
 *
 * @example
 * ```ts
 * import type { ComponentDocument, JsonValue, PartitionInfo, PartitionSelector } from "@diaspora/stream";
 *
 * class Fixed implements PartitionSelector {
 *   setPartitions(_infos: readonly PartitionInfo[]): void {}
 *   selectPartitionFor(_metadata: JsonValue, requested = 0): number {
 *     return requested;
 *   }
 *   config(): ComponentDocument {
 *     return { type: "fixed:./fixed.ts" };
 *   }
 * }
 * ```
 */
export interface PartitionSelector {
  /** Called with the topic's partitions before the first event, and again whenever they change. */
  setPartitions(infos: readonly PartitionInfo[]): void;
  /**
   * The number of the partition this event goes to: an index into what `setPartitions` was given. `requested`
   * is what the caller of `push` asked for, if anything.
   */
  selectPartitionFor(metadata: JsonValue, requested?: number): number | Promise<number>;
  /** The document that recreates this selector. */
  config(): ComponentDocument;
  /** True where the choice does not look at the metadata, so that text need not be parsed for it. */
  readonly ignoresMetadata?: boolean;
}

/**
 * Writes metadata as bytes and reads it back.
 *
 * @example
 * ```ts
 * import type { ComponentDocument, JsonValue, Serializer } from "@diaspora/stream";
 *
 * class OneByte implements Serializer {
 *   serialize(metadata: JsonValue): Uint8Array {
 *     return new Uint8Array([metadata as number]);
 *   }
 *   deserialize(bytes: Uint8Array): JsonValue {
 *     return bytes[0];
 *   }
 *   config(): ComponentDocument {
 *     return { type: "one-byte:./one_byte.ts" };
 *   }
 * }
 * ```
 */
export interface Serializer {
  /** The bytes of a metadata value, which are copied; a string stands for its UTF-8 bytes. */
  serialize(metadata: JsonValue): Uint8Array | string | Promise<Uint8Array | string>;
  /** The metadata that `serialize` was given. The bytes belong to the caller: a serializer keeps none of them. */
  deserialize(bytes: Uint8Array): JsonValue | Promise<JsonValue>;
  /** The document that recreates this serializer. */
  config(): ComponentDocument;
  /**
   * True where `serialize` gives plain JSON text (and does no more than `JSON.stringify`), so that metadata
   * may be stored as the text it was given as, and parsed without asking `deserialize`.
   */
  readonly writesJsonText?: boolean;
}

/** What every component has, whatever its kind. */
export interface Component {
  /** The document that recreates it. */
  config(): ComponentDocument;
}

/** Makes a component from its document; what `register…` takes and what a module may export. */
export type ComponentFactory<C> = (document: ComponentDocument) => C | Promise<C>;
