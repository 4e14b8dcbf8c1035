/**
 * What a component implements: a validator decides which metadata a topic accepts, a partition selector which
 * partition an event goes to, and a serializer how metadata is encoded. Each can describe itself as a document,
 * which is stored with the topic and from which other processes recreate it.
 *
 * @module
 */
import type { ComponentDocument, PartitionInfo } from "../contract.ts";
import type { JsonValue } from "../json.ts";

export type { ComponentDocument, PartitionInfo };

/**
 * Decides which events a topic accepts. `T` is the type of the valid metadata; only the type checker uses it.
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
   * Returns (or resolves) if the event is valid; throws (or rejects with) `InvalidMetadataError` otherwise. `data`
   * holds the pieces of the data part in order; it is empty if there is none or it is a stream.
   */
  validate(metadata: JsonValue, data: readonly Uint8Array[]): void | Promise<void>;
  /** The document that recreates this validator. */
  config(): ComponentDocument;
  /** True if every event is accepted, so that producers can skip the call. */
  readonly acceptsAll?: boolean;
  /** Never set: carries `T` to the type checker. */
  readonly types?: { readonly metadata: T };
}

/**
 * Decides which partition an event goes to. `T` is the type of the topic's metadata.
 *
 * @example
 * ```ts
 * import type { ComponentDocument, PartitionInfo, PartitionSelector } from "@diaspora/stream";
 *
 * class ByDetector implements PartitionSelector<{ detector: number }> {
 *   #count = 1;
 *   setPartitions(infos: readonly PartitionInfo[]): void {
 *     this.#count = infos.length;
 *   }
 *   selectPartitionFor({ detector }: { detector: number }, requested?: number): number {
 *     return requested ?? detector % this.#count;
 *   }
 *   config(): ComponentDocument {
 *     return { type: "by-detector:./by_detector.ts" };
 *   }
 * }
 * ```
 */
export interface PartitionSelector<T = JsonValue> {
  /** Called with the topic's partitions before the first event, and again after each change. */
  setPartitions(infos: readonly PartitionInfo[]): void;
  /**
   * The number of the partition for this event: an index into the array that was passed to `setPartitions`.
   * `requested` is the partition given to `push`, if any.
   */
  selectPartitionFor(metadata: T, requested?: number): number | Promise<number>;
  /** The document that recreates this selector. */
  config(): ComponentDocument;
  /** True if the choice does not depend on the metadata, so that JSON text need not be parsed for it. */
  readonly ignoresMetadata?: boolean;
}

/**
 * Encodes metadata as bytes and decodes it. `T` is the type of the topic's metadata.
 *
 * @example
 * ```ts
 * import type { ComponentDocument, Serializer } from "@diaspora/stream";
 *
 * class OneByte implements Serializer<number> {
 *   serialize(metadata: number): Uint8Array {
 *     return new Uint8Array([metadata]);
 *   }
 *   deserialize(bytes: Uint8Array): number {
 *     return bytes[0] ?? 0;
 *   }
 *   config(): ComponentDocument {
 *     return { type: "one-byte:./one_byte.ts" };
 *   }
 * }
 * ```
 */
export interface Serializer<T = JsonValue> {
  /** The bytes of a metadata value, which are copied; a string means its UTF-8 bytes. */
  serialize(metadata: T): Uint8Array | string | Promise<Uint8Array | string>;
  /**
   * The metadata that was passed to `serialize`. The bytes belong to the caller: the serializer must not keep
   * them.
   */
  deserialize(bytes: Uint8Array): T | Promise<T>;
  /** The document that recreates this serializer. */
  config(): ComponentDocument;
  /**
   * True if `serialize` returns plain JSON text (just like `JSON.stringify`), so that metadata given as text may
   * be stored unchanged, and parsed without calling `deserialize`.
   */
  readonly writesJsonText?: boolean;
}

/** What all kinds of components have in common. */
export interface Component {
  /** The document that recreates it. */
  config(): ComponentDocument;
}

/** Creates a component from its document; what `register…` accepts and what a module may export. */
export type ComponentFactory<C> = (document: ComponentDocument) => C | Promise<C>;
