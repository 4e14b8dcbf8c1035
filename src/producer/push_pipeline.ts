import type { PartitionSelector, Serializer, Validator } from "../components/contract.ts";
import { piecesOfData, type PushedData } from "../data/view.ts";
import { InvalidMetadataError, NoSuchPartitionError } from "../errors.ts";
import type { JsonValue } from "../json.ts";
import { checkDocument, isMetadata, jsonTextOf, parseDocument } from "../metadata.ts";
import { jsonWithNegativeZero } from "../metadata/negative_zero.ts";
import { isPlainJson } from "../metadata/representable.ts";
import { isThenable } from "../async.ts";

/** An event that is ready to be stored: validated, serialized and with its partition. */
export interface PreparedEvent {
  /** Partition number. */
  partition: number;
  /** Serialized metadata. */
  metadata: string | Uint8Array;
}

/** The components of a topic. */
export interface PipelineComponents {
  /** Decides which events the topic accepts. */
  readonly validator: Validator;
  /** Decides which partition an event goes to. */
  readonly partitionSelector: PartitionSelector;
  /** Serializes and deserializes metadata. */
  readonly serializer: Serializer;
  /** Resolves when the real components have loaded; until then these stand in for them. */
  readonly loading?: Promise<unknown> | undefined;
}

/** The JSON text of any metadata that `push` accepts; throws `InvalidMetadataError`. */
export function documentOf(metadata: unknown): string {
  if (typeof metadata === "string") {
    checkDocument(metadata);
    return metadata;
  }
  return isMetadata(metadata) ? metadata.document : jsonTextOf(metadata);
}

const encoder = new TextEncoder();

/** Validates, selects the partition and serializes, in this order, using the topic's components. */
export class PushPipeline {
  /** Whether only the JSON text of the metadata is needed: no component uses the value. */
  readonly textOnly: boolean;
  readonly #components: PipelineComponents;
  /** Whether the validator is known to be asynchronous: it then gets a copy that no other code changes. */
  #validatesAsynchronously: boolean;

  constructor(components: PipelineComponents, private readonly numPartitions: number) {
    const { validator, partitionSelector, serializer } = components;
    this.#components = { validator, partitionSelector, serializer };
    this.textOnly = validator.acceptsAll === true && partitionSelector.ignoresMetadata === true &&
      serializer.writesJsonText === true;
    this.#validatesAsynchronously =
      Object.prototype.toString.call(validator.validate) === "[object AsyncFunction]";
  }

  /** Processes one event; returns a promise if a component is asynchronous. */
  prepare(metadata: unknown, data?: PushedData, requested?: number): PreparedEvent | Promise<PreparedEvent> {
    const content = new Content(metadata);
    const { validator } = this.#components;
    if (validator.acceptsAll !== true) {
      const value = this.#validatesAsynchronously ? content.copy() : content.value;
      const verdict = validator.validate(value, piecesOfData(data?.bytes));
      if (isThenable(verdict)) {
        this.#validatesAsynchronously = true;
        content.copy();
        return Promise.resolve(verdict).then(() => this.#selectAndSerialize(content, requested));
      }
    }
    return this.#selectAndSerialize(content, requested);
  }

  /** The partition of an event whose metadata the selector does not use. */
  partitionOf(requested?: number): number | Promise<number> {
    const partition = this.#components.partitionSelector.selectPartitionFor(null, requested);
    return typeof partition !== "number" && isThenable(partition)
      ? Promise.resolve(partition).then((later) => this.#checked(later))
      : this.#checked(partition);
  }

  #selectAndSerialize(content: Content, requested?: number): PreparedEvent | Promise<PreparedEvent> {
    const partition = this.#components.partitionSelector.selectPartitionFor(content.value, requested);
    if (!isThenable(partition)) return this.#serialize(content, this.#checked(partition));
    content.copy();
    return Promise.resolve(partition).then((later) => this.#serialize(content, this.#checked(later)));
  }

  #serialize(content: Content, partition: number): PreparedEvent | Promise<PreparedEvent> {
    const { serializer } = this.#components;
    if (serializer.writesJsonText === true) return { partition, metadata: content.text };
    const bytes = serializer.serialize(content.value);
    if (isThenable(bytes)) {
      return Promise.resolve(bytes).then((later) => ({ partition, metadata: asBytes(later) }));
    }
    return { partition, metadata: asBytes(bytes) };
  }

  #checked(partition: number): number {
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.numPartitions) {
      throw new NoSuchPartitionError(partition, this.numPartitions);
    }
    return partition;
  }
}

/** One event's metadata as a value and as text, each created on first use. */
class Content {
  #text: string | undefined = undefined;
  #value: JsonValue | undefined = undefined;
  #ownsValue = false;

  constructor(metadata: unknown) {
    if (typeof metadata === "string") {
      checkDocument(metadata);
      this.#text = metadata;
    } else if (isMetadata(metadata)) this.#text = metadata.document;
    else if (isPlainJson(metadata)) this.#value = metadata;
    else this.#text = jsonTextOf(metadata);
  }

  get text(): string {
    return this.#text ??= jsonTextOf(this.#value, true);
  }

  get value(): JsonValue {
    if (this.#value === undefined) {
      this.#value = parseDocument(this.text);
      this.#ownsValue = true;
    }
    return this.#value;
  }

  /** Makes a copy, because the caller of `push` may change the object while an asynchronous component runs. */
  copy(): JsonValue {
    if (this.#ownsValue) return this.value;
    this.#value = parseDocument(this.#text ?? jsonTextOf(this.#value!, true, jsonWithNegativeZero));
    this.#ownsValue = true;
    return this.#value;
  }
}

function asBytes(serialized: Uint8Array | string): Uint8Array {
  if (typeof serialized === "string") return encoder.encode(serialized);
  if (serialized instanceof Uint8Array) return copyOf(serialized);
  throw new InvalidMetadataError(
    `Cannot store metadata: the serializer gave ${typeof serialized}, expected a Uint8Array or a string`,
  );
}

/** The bytes may be part of the serializer's own buffer, which it reuses for the next event. */
function copyOf(serialized: Uint8Array): Uint8Array {
  try {
    // Not a slice, which would be of the serializer's class, and may say that it has another size.
    return new Uint8Array(serialized);
  } catch (error) {
    throw new InvalidMetadataError(
      `Cannot store metadata: the bytes that the serializer gave are detached or out of bounds`,
      { cause: error },
    );
  }
}
