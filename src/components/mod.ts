/**
 * Validators, partition selectors and serializers: the built-in ones, registries for others, and functions that
 * create components from stored documents.
 *
 * @module
 */
import type { JsonValue } from "../json.ts";
import type {
  ComponentDocument,
  ComponentFactory,
  PartitionSelector,
  Serializer,
  Validator,
} from "./contract.ts";
import { selectors, serializers, validators } from "./registries.ts";

export type { Component, ComponentDocument, ComponentFactory, PartitionInfo } from "./contract.ts";
export type { PartitionSelector, Serializer, Validator } from "./contract.ts";
export { componentDocument } from "./registry.ts";
export { DefaultPartitionSelector } from "./partition_selectors/default.ts";
export { KeyPartitionSelector } from "./partition_selectors/key.ts";
export { CborSerializer } from "./serializers/cbor.ts";
export { DefaultSerializer } from "./serializers/default.ts";
export { SchemaSerializer } from "./serializers/schema.ts";
export { DefaultValidator } from "./validators/default.ts";
export { compileEventPattern } from "./validators/event_pattern/mod.ts";
export { EventBridgeValidator } from "./validators/eventbridge.ts";
export type { SchemaDraft } from "./validators/json_schema/draft.ts";
export { SchemaValidator } from "./validators/schema.ts";

const DEFAULT: ComponentDocument = { type: "default" };

/**
 * Creates a validator from its document; an instance is returned unchanged, and without an argument the default
 * one is created. A module named by the document is loaded: never pass the document of a topic that you do not
 * trust. Throws `UnknownComponentError`, `ModuleLoadError` or, for an invalid document, `InvalidOptionError`.
 *
 * @example
 * ```ts
 * import { makeValidator } from "@diaspora/stream";
 *
 * const validator = await makeValidator({ type: "schema", schema: { type: "string", maxLength: 80 } });
 * await validator.validate("short", []);
 * ```
 */
export async function makeValidator(from: ComponentDocument | Validator = DEFAULT): Promise<Validator> {
  return await validators.make(from);
}

/**
 * Creates a partition selector from its document; an instance is returned unchanged, and without an argument the
 * default one is created. Throws the same errors as {@linkcode makeValidator}.
 *
 * @example
 * ```ts
 * import { makePartitionSelector } from "@diaspora/stream";
 *
 * const selector = await makePartitionSelector({ type: "key", pointer: "/user" });
 * selector.setPartitions([{ partition_id: 0 }, { partition_id: 1 }]);
 * await selector.selectPartitionFor({ user: "ann" }); // always the same one
 * ```
 */
export async function makePartitionSelector(
  from: ComponentDocument | PartitionSelector = DEFAULT,
): Promise<PartitionSelector> {
  return await selectors.make(from);
}

/**
 * Creates a serializer from its document; an instance is returned unchanged, and without an argument the default
 * one is created. Throws the same errors as {@linkcode makeValidator}.
 *
 * @example
 * ```ts
 * import { makeSerializer } from "@diaspora/stream";
 *
 * const cbor = await makeSerializer({ type: "cbor" });
 * await cbor.serialize([1, 2, 3]); // 4 bytes
 * ```
 */
export async function makeSerializer(from: ComponentDocument | Serializer = DEFAULT): Promise<Serializer> {
  return await serializers.make(from);
}

/**
 * Registers a type name for validators in this process: `{ "type": name, … }`.
 *
 * @example
 * ```ts
 * import { InvalidMetadataError, registerValidator } from "@diaspora/stream";
 *
 * registerValidator("text-only", (document) => ({
 *   validate(metadata) {
 *     if (typeof metadata !== "string") throw new InvalidMetadataError("Cannot accept metadata: expected text");
 *   },
 *   config: () => document,
 * }));
 * ```
 */
export function registerValidator(name: string, factory: ComponentFactory<Validator>): void {
  validators.register(name, factory);
}

/**
 * Registers a type name for partition selectors in this process: `{ "type": name, … }`.
 *
 * @example
 * ```ts
 * import { registerPartitionSelector } from "@diaspora/stream";
 *
 * registerPartitionSelector("first", (document) => ({
 *   setPartitions: () => {},
 *   selectPartitionFor: () => 0,
 *   config: () => document,
 * }));
 * ```
 */
export function registerPartitionSelector<T = JsonValue>(
  name: string,
  factory: ComponentFactory<PartitionSelector<T>>,
): void {
  selectors.register(name, factory as ComponentFactory<PartitionSelector>);
}

/**
 * Registers a type name for serializers in this process: `{ "type": name, … }`.
 *
 * @example
 * ```ts
 * import { registerSerializer } from "@diaspora/stream";
 *
 * registerSerializer("upper", (document) => ({
 *   serialize: (metadata) => String(metadata).toUpperCase(),
 *   deserialize: (bytes) => new TextDecoder().decode(bytes),
 *   config: () => document,
 * }));
 * ```
 */
export function registerSerializer<T = JsonValue>(
  name: string,
  factory: ComponentFactory<Serializer<T>>,
): void {
  serializers.register(name, factory as ComponentFactory<Serializer>);
}
