/**
 * Validators, partition selectors and serializers: the built-in ones, registries for others, and the way from
 * a stored document to a component.
 *
 * @module
 */
import type {
  ComponentDocument,
  ComponentFactory,
  PartitionSelector,
  Serializer,
  Validator,
} from "./contract.ts";
import { DefaultPartitionSelector } from "./partition_selectors/default.ts";
import { KeyPartitionSelector } from "./partition_selectors/key.ts";
import { ComponentRegistry } from "./registry.ts";
import { CborSerializer } from "./serializers/cbor.ts";
import { DefaultSerializer } from "./serializers/default.ts";
import { SchemaSerializer } from "./serializers/schema.ts";
import { DefaultValidator } from "./validators/default.ts";
import { EventBridgeValidator } from "./validators/eventbridge.ts";
import { SchemaValidator } from "./validators/schema.ts";

export type { ComponentDocument, ComponentFactory, PartitionInfo } from "./contract.ts";
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
export { SchemaValidator } from "./validators/schema.ts";

const validators = new ComponentRegistry<Validator>("validator", ["validate", "config"]);
validators.register("default", () => new DefaultValidator());
validators.register("schema", (document) => SchemaValidator.fromDocument(document));
validators.register("eventbridge", (document) => EventBridgeValidator.fromDocument(document));

const selectors = new ComponentRegistry<PartitionSelector>("partition selector", [
  "setPartitions",
  "selectPartitionFor",
  "config",
]);
selectors.register("default", () => new DefaultPartitionSelector());
selectors.register("key", (document) => KeyPartitionSelector.fromDocument(document));

const serializers = new ComponentRegistry<Serializer>("serializer", ["serialize", "deserialize", "config"]);
serializers.register("default", () => new DefaultSerializer());
serializers.register("cbor", () => CborSerializer.load());
serializers.register("schema", (document) => SchemaSerializer.fromDocument(document));

const DEFAULT: ComponentDocument = { type: "default" };

/** Makes a validator from its document; an instance is given back, nothing gives the default one. */
export async function makeValidator(from: ComponentDocument | Validator = DEFAULT): Promise<Validator> {
  return await validators.make(from);
}

/** Makes a partition selector from its document; an instance is given back, nothing gives the default one. */
export async function makePartitionSelector(
  from: ComponentDocument | PartitionSelector = DEFAULT,
): Promise<PartitionSelector> {
  return await selectors.make(from);
}

/** Makes a serializer from its document; an instance is given back, nothing gives the default one. */
export async function makeSerializer(from: ComponentDocument | Serializer = DEFAULT): Promise<Serializer> {
  return await serializers.make(from);
}

/** Makes validators of that type name known: `{ "type": name, … }`. */
export function registerValidator(name: string, factory: ComponentFactory<Validator>): void {
  validators.register(name, factory);
}

/** Makes partition selectors of that type name known: `{ "type": name, … }`. */
export function registerPartitionSelector(name: string, factory: ComponentFactory<PartitionSelector>): void {
  selectors.register(name, factory);
}

/** Makes serializers of that type name known: `{ "type": name, … }`. */
export function registerSerializer(name: string, factory: ComponentFactory<Serializer>): void {
  serializers.register(name, factory);
}
