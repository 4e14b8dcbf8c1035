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
import { type Component, ComponentRegistry } from "./registry.ts";
import { DefaultPartitionSelector } from "./partition_selectors/default.ts";
import { DefaultSerializer } from "./serializers/default.ts";
import { DefaultValidator } from "./validators/default.ts";

export type { ComponentDocument, ComponentFactory, PartitionInfo } from "./contract.ts";
export type { PartitionSelector, Serializer, Validator } from "./contract.ts";

const validators = new ComponentRegistry<Validator>("validator", ["validate", "config"]);
validators.register("default", () => new DefaultValidator());

const selectors = new ComponentRegistry<PartitionSelector>("partition selector", [
  "setPartitions",
  "selectPartitionFor",
  "config",
]);
selectors.register("default", () => new DefaultPartitionSelector());

const serializers = new ComponentRegistry<Serializer>("serializer", ["serialize", "deserialize", "config"]);
serializers.register("default", () => new DefaultSerializer());

/** Makes a validator from its document; an instance is given back, nothing gives the default one. */
export async function makeValidator(from?: ComponentDocument | Validator): Promise<Validator> {
  return await makeComponent(validators, from);
}

/** Makes a partition selector from its document; an instance is given back, nothing gives the default one. */
export async function makePartitionSelector(
  from?: ComponentDocument | PartitionSelector,
): Promise<PartitionSelector> {
  return await makeComponent(selectors, from);
}

/** Makes a serializer from its document; an instance is given back, nothing gives the default one. */
export async function makeSerializer(from?: ComponentDocument | Serializer): Promise<Serializer> {
  return await makeComponent(serializers, from);
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

/** The document to store with a topic: another process makes the same component from it. */
export function componentDocument(component: Component): ComponentDocument {
  return component.config();
}

async function makeComponent<C extends Component>(
  registry: ComponentRegistry<C>,
  from: ComponentDocument | C = { type: "default" },
): Promise<C> {
  return typeof from.config === "function" ? from as C : await registry.make(from as ComponentDocument);
}
