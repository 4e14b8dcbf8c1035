import type { TopicDefinition } from "../contract.ts";
import { type DiasporaError, InvalidOptionError } from "../errors.ts";
import { ComponentSlot } from "./component_slot.ts";
import type { PartitionInfo, PartitionSelector, Serializer, Validator } from "./contract.ts";
import { selectors, serializers, validators } from "./registries.ts";
import type { StoredIn } from "./registry.ts";
import { PartitionSelectorStandIn, SerializerStandIn, ValidatorStandIn } from "./stand_ins.ts";

/** Why components cannot be made here, by their kinds. */
export type ComponentObstacles = Partial<
  Record<"validator" | "partitionSelector" | "serializer", DiasporaError>
>;

/** Looks which of the stored documents no component can be made from, and why; nothing is made or loaded. */
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
 * Makes what the documents describe where that takes no module, so that what is wrong in one is said. Documents that
 * name modules, or what no one registered, are taken as they are.
 */
export async function checkDocuments(definition: TopicDefinition, stored: StoredIn): Promise<void> {
  const obstacles = obstaclesOf(definition, stored);
  for (const { kind, registry } of REGISTRIES) {
    const isAtHand = obstacles[kind] === undefined &&
      registry.moduleOf(definition[kind], stored) === undefined;
    if (isAtHand || obstacles[kind] instanceof InvalidOptionError) {
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

/** Components that a caller gave, made already; they are taken instead of those that are stored. */
export interface GivenComponents {
  validator?: Validator;
  partitionSelector?: PartitionSelector;
  serializer?: Serializer;
}

/** What the components of a topic are made from. */
export interface ComponentSources {
  /** The stored documents. */
  definition: TopicDefinition;
  given: GivenComponents;
  stored: StoredIn;
  partitions: readonly PartitionInfo[];
}

/**
 * The components of an opened topic. Each is made when it is first looked at: who describes a topic needs none, a
 * consumer the serializer, a producer all three. Looking at one throws `ModuleNotAllowedError` where it is in a
 * module that may not be loaded, and `UnknownComponentError` where no one registered it.
 */
export class TopicComponents {
  readonly #validator: ComponentSlot<Validator>;
  readonly #selector: ComponentSlot<PartitionSelector>;
  readonly #serializer: ComponentSlot<Serializer>;

  constructor(private readonly sources: ComponentSources) {
    const { definition, given, stored, partitions } = sources;
    // A copy: the driver's may change, and components keep what they get.
    const { validator, partitionSelector, serializer } = structuredClone({ ...definition, options: {} });
    this.#validator = new ComponentSlot(
      () => given.validator ?? validators.makeStored(validator, stored),
      (loading) => new ValidatorStandIn(loading, validator),
    );
    const informed = (selector: PartitionSelector): PartitionSelector => {
      selector.setPartitions(partitions);
      return selector;
    };
    this.#selector = new ComponentSlot(
      () => {
        const made = given.partitionSelector ?? selectors.makeStored(partitionSelector, stored);
        return made instanceof Promise ? made.then(informed) : informed(made);
      },
      (loading) => new PartitionSelectorStandIn(loading, partitionSelector),
    );
    this.#serializer = new ComponentSlot(
      () => given.serializer ?? serializers.makeStored(serializer, stored),
      (loading) => new SerializerStandIn(loading, serializer),
    );
  }

  /**
   * Loads the libraries of built-in components, so that they answer at once from the first event on; nothing that a
   * document names is loaded or made.
   */
  async prepare(): Promise<void> {
    const { definition, given } = this.sources;
    await Promise.all(
      REGISTRIES.map(({ kind, registry }) =>
        given[kind] === undefined ? registry.prepare(definition[kind]) : undefined
      ),
    );
  }

  /** Says which events the topic takes. */
  get validator(): Validator {
    return this.#validator.component;
  }

  /** Says where an event goes. */
  get partitionSelector(): PartitionSelector {
    return this.#selector.component;
  }

  /** Writes and reads metadata. */
  get serializer(): Serializer {
    return this.#serializer.component;
  }

  /** Resolves when every component looked at is there; undefined when they are. */
  get loading(): Promise<unknown> | undefined {
    const loading = [this.#validator, this.#selector, this.#serializer]
      .flatMap((slot) => slot.loading === undefined ? [] : [slot.loading]);
    return loading.length === 0 ? undefined : Promise.all(loading);
  }

  /** The serializer once it is there; undefined when there is nothing to wait for. */
  get serializerLoading(): Promise<unknown> | undefined {
    return this.#serializer.loading;
  }
}
