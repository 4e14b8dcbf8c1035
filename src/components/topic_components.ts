import type { TopicDefinition } from "../contract.ts";
import { type DiasporaError, InvalidOptionError } from "../errors.ts";
import { ComponentSlot } from "./component_slot.ts";
import type { PartitionInfo, PartitionSelector, Serializer, Validator } from "./contract.ts";
import { selectors, serializers, validators } from "./registries.ts";
import type { StoredIn } from "./registry.ts";
import { PartitionSelectorStandIn, SerializerStandIn, ValidatorStandIn } from "./stand_ins.ts";

/** Why components cannot be created here, by kind. */
export type ComponentObstacles = Partial<
  Record<"validator" | "partitionSelector" | "serializer", DiasporaError>
>;

/**
 * Finds out which of the stored documents no component can be created from, and why; nothing is created or loaded.
 */
export function obstaclesOf(definition: TopicDefinition, stored: StoredIn): ComponentObstacles {
  const obstacles: ComponentObstacles = {};
  for (const { kind, registry } of REGISTRIES) {
    try {
      registry.moduleOf(definition[kind], stored);
    } catch (error) {
      obstacles[kind] = error as DiasporaError;
    }
  }
  return obstacles;
}

/**
 * Validates the documents by creating their components, unless that takes a module. Documents that name modules or
 * unregistered components are not validated.
 */
export async function checkDocuments(definition: TopicDefinition, stored: StoredIn): Promise<void> {
  const obstacles = obstaclesOf(definition, stored);
  for (const { kind, registry } of REGISTRIES) {
    const isLoaded = obstacles[kind] === undefined &&
      registry.moduleOf(definition[kind], stored) === undefined;
    if (isLoaded || obstacles[kind] instanceof InvalidOptionError) {
      await registry.makeStored(definition[kind], stored);
      await registry.checkDocument(definition[kind]);
    }
  }
}

const REGISTRIES = [
  { kind: "validator", registry: validators },
  { kind: "partitionSelector", registry: selectors },
  { kind: "serializer", registry: serializers },
] as const;

/** Components given by the caller; they replace the stored ones. */
export interface GivenComponents {
  validator?: Validator;
  partitionSelector?: PartitionSelector;
  serializer?: Serializer;
}

/** What a topic's components are created from. */
interface ComponentSources {
  /** The stored documents. */
  definition: TopicDefinition;
  given: GivenComponents;
  stored: StoredIn;
  partitions: readonly PartitionInfo[];
}

/**
 * The components of an opened topic. Each is created on first access: describing a topic needs none, a consumer
 * the serializer, a producer all three. Access throws `ModuleNotAllowedError` for a component in a module that may
 * not be loaded, and `UnknownComponentError` for one that is not registered.
 */
export class TopicComponents {
  readonly #validator: ComponentSlot<Validator>;
  readonly #selector: ComponentSlot<PartitionSelector>;
  readonly #serializer: ComponentSlot<Serializer>;

  constructor(private readonly sources: ComponentSources) {
    const { definition, given, stored, partitions } = sources;
    // A copy: the driver may change its object, and components keep what they receive.
    const { validator, partitionSelector, serializer } = structuredClone({ ...definition, options: {} });
    this.#validator = new ComponentSlot(
      () => given.validator ?? validators.makeStored(validator, stored),
      (loading) => new ValidatorStandIn(loading, validator),
    );
    const withPartitions = (selector: PartitionSelector): PartitionSelector => {
      selector.setPartitions(partitions);
      return selector;
    };
    this.#selector = new ComponentSlot(
      () => {
        const made = given.partitionSelector ?? selectors.makeStored(partitionSelector, stored);
        return made instanceof Promise ? made.then(withPartitions) : withPartitions(made);
      },
      (loading) => new PartitionSelectorStandIn(loading, partitionSelector),
    );
    this.#serializer = new ComponentSlot(
      () => given.serializer ?? serializers.makeStored(serializer, stored),
      (loading) => new SerializerStandIn(loading, serializer),
    );
  }

  /**
   * Loads the libraries of built-in components, so that they are synchronous from the first event on; nothing that
   * a document names is loaded or created.
   */
  async prepare(): Promise<void> {
    const { definition, given } = this.sources;
    await Promise.all(
      REGISTRIES.map(({ kind, registry }) =>
        given[kind] === undefined ? registry.prepare(definition[kind]) : undefined
      ),
    );
  }

  /** Decides which events the topic accepts. */
  get validator(): Validator {
    return this.#validator.component;
  }

  /** Decides which partition an event goes to. */
  get partitionSelector(): PartitionSelector {
    return this.#selector.component;
  }

  /** Serializes and deserializes metadata. */
  get serializer(): Serializer {
    return this.#serializer.component;
  }

  /** Resolves when every component accessed so far is loaded; undefined if they are. */
  get loading(): Promise<unknown> | undefined {
    const loading = [this.#validator, this.#selector, this.#serializer]
      .flatMap((slot) => slot.loading === undefined ? [] : [slot.loading]);
    return loading.length === 0 ? undefined : Promise.all(loading);
  }

  /** Resolves with the serializer once it is loaded; undefined if there is nothing to wait for. */
  get serializerLoading(): Promise<unknown> | undefined {
    return this.#serializer.loading;
  }
}
