import { closeAll } from "./async.ts";
import type { ComponentOptions, DraftOptions } from "./components/component_options.ts";
import { AllowedModules } from "./components/allowed_modules.ts";
import type { PartitionSelector, Serializer, Validator } from "./components/contract.ts";
import {
  checkDocuments,
  type ComponentObstacles,
  type GivenComponents,
  obstaclesOf,
  TopicComponents,
} from "./components/topic_components.ts";
import { componentDocument, makePartitionSelector, makeSerializer, makeValidator } from "./components/mod.ts";
import type { DriverOptionsOf, TopicOptionsOf } from "./options/driver_options.ts";
import { makeDriver } from "./drivers/registry.ts";
import type {
  DeleteTopicOptions,
  DriverInterface,
  TopicDefinition,
  TopicInfo,
  TopicInterface,
} from "./contract.ts";
import { ClosedError } from "./errors.ts";
import type { DriverHandle } from "./handles.ts";
import { makeInspectable } from "./inspect.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { checkTopicName } from "./names.ts";
import { checkOptions, copyOptions, invalidOption, withoutUndefined } from "./options.ts";
import { isStandardSchema, StandardSchemaValidator } from "./components/standard_schema.ts";
import { Topic } from "./topic.ts";
import { createdAtOnce, TopicDraft } from "./topic/draft.ts";

export type { ComponentOptions, DraftOptions, NotInferred } from "./components/component_options.ts";

/**
 * A storage engine and its topics.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 3 });
 * console.log(await driver.topicExists("readings")); // true
 * for (const [name, info] of await driver.listTopics()) console.log(name, info.numPartitions); // readings 3
 * await driver.deleteTopic("readings");
 * ```
 */
export class Driver<TopicOptions = JsonObject> implements DriverHandle, AsyncDisposable {
  readonly #driver: DriverInterface;
  /** Modules that its topics may load. */
  readonly #allowed: AllowedModules;
  /** Open topics. */
  readonly #open = new Set<AsyncDisposable>();
  #closing: Promise<void> | undefined = undefined;

  private constructor(driver: DriverInterface, allowed: AllowedModules) {
    // JavaScript does not know that this is private.
    if (typeof driver?.openTopic !== "function") {
      throw invalidOption(
        "Driver.from",
        "driver",
        driver,
        "an object that implements DriverInterface; to open one by its name, use await Driver.open(name, options)",
      );
    }
    this.#driver = driver;
    this.#allowed = allowed;
  }

  /**
   * Opens a driver: a registered name (`"files"`, `"memory"`, …), or `"name:module"`, where `module` is a path, a
   * URL or a package that exports the driver under that name or as its default export. Throws
   * `UnknownDriverError`, `ModuleLoadError` or `InvalidOptionError`.
   *
   * Every driver has the option `load_modules`: paths of modules, of folders (with a trailing slash) and names of
   * packages that stored topics may name as their components, e.g. `["./components/", "a-package"]`. Others are
   * not loaded. The options of built-in drivers are typed; other drivers accept any object.
   */
  static async open<const Name extends string>(
    name: Name,
    options?: DriverOptionsOf<Name>,
  ): Promise<Driver<TopicOptionsOf<Name>>> {
    const { load_modules: modules, ...own } = copyOptions("driver", options);
    // Before the engine is opened, so that a failure here need not close it.
    const allowed = AllowedModules.from(modules);
    return new Driver<TopicOptionsOf<Name>>(await makeDriver(name, own), allowed);
  }

  /**
   * Wraps an existing driver object, e.g. one made by its own constructor; `loadModules` as in {@linkcode open}.
   */
  static from(driver: DriverInterface, loadModules: readonly string[] = []): Driver {
    return new Driver(driver, AllowedModules.from(loadModules));
  }

  /** The driver's name, e.g. `"files"`. */
  get name(): string {
    return this.#driver.name;
  }

  /**
   * Creates a topic atomically. Throws `TopicExistsError`, `InvalidTopicNameError` or, for an invalid option or
   * component, `InvalidOptionError` and others of its kind.
   */
  async createTopic<T = JsonValue>(
    name: string,
    options?: TopicOptions,
    components: ComponentOptions<T> = {},
  ): Promise<void> {
    this.#checkOpen();
    checkTopicName(name);
    const document = copyOptions("topic", options);
    const { validator, partitionSelector, serializer } = await makeComponents(components);
    const definition: TopicDefinition = {
      options: document,
      validator: componentDocument(validator),
      partitionSelector: componentDocument(partitionSelector),
      serializer: componentDocument(serializer),
    };
    await this.#driver.createTopic(name, definition);
  }

  /**
   * Opens a topic with the components stored with it, or with those given here instead. Stored components are
   * created on first use; see {@linkcode Topic.producer} and {@linkcode Topic.consumer}. Throws
   * `TopicNotFoundError`, or `UnknownComponentError` or `ModuleLoadError` for a component given here that does not
   * exist.
   */
  async openTopic<T = JsonValue>(name: string, components: ComponentOptions<T> = {}): Promise<Topic<T>> {
    this.#checkOpen();
    checkTopicName(name);
    const driverTopic = await this.#driver.openTopic(name);
    try {
      return await this.#opened<T>(driverTopic, await makeGiven(components));
    } catch (error) {
      await driverTopic.close();
      throw error;
    }
  }

  /**
   * Creates a topic that stays hidden until it is published: for an import, say, that may fail half-way. The
   * documents of its components are stored as given, and the modules they name are not loaded. Drivers that cannot
   * hide a topic create it at once, and delete it when it is discarded. Throws the same errors as
   * {@linkcode createTopic}.
   */
  async draftTopic<T = JsonValue>(
    name: string,
    definition: Partial<TopicDefinition> = {},
    { components = {}, filling = {}, resume = false }: DraftOptions<T> = {},
  ): Promise<TopicDraft<T>> {
    this.#checkOpen();
    checkTopicName(name);
    const { validator, partitionSelector, serializer } = await makeGiven(components);
    const whole = structuredClone({
      ...defaultDefinition(),
      ...definition,
      ...(validator && { validator: componentDocument(validator) }),
      ...(partitionSelector && { partitionSelector: componentDocument(partitionSelector) }),
      ...(serializer && { serializer: componentDocument(serializer) }),
    });
    await checkDocuments(whole, { topic: name, allowed: this.#allowed });
    const given = withoutUndefined({ validator, partitionSelector, serializer, ...await makeGiven(filling) });
    const draft = await this.#driver.draftTopic?.(name, whole, resume) ??
      await createdAtOnce(this.#driver, name, whole);
    try {
      return new TopicDraft<T>(await this.#opened<T>(draft.topic, given), draft, resume);
    } catch (error) {
      await (resume ? draft.topic.close() : draft.discard());
      throw error;
    }
  }

  /**
   * Keeps other imports from filling a topic (which need not exist yet) until the claim is disposed of; throws
   * `TransferInProgressError` while another import holds it. With drivers that have no claims this does nothing.
   */
  async claimTopic(name: string): Promise<AsyncDisposable> {
    this.#checkOpen();
    checkTopicName(name);
    return await this.#driver.claimTopic?.(name) ?? { [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  /**
   * Which components of a stored topic cannot be created here, and why: `ModuleNotAllowedError` or
   * `UnknownComponentError`. Nothing is created or loaded.
   */
  obstaclesOf(topic: string, definition: TopicDefinition): ComponentObstacles {
    return obstaclesOf(definition, { topic, allowed: this.#allowed });
  }

  /** Whether a topic of that name exists. */
  async topicExists(name: string): Promise<boolean> {
    this.#checkOpen();
    checkTopicName(name);
    return await this.#driver.topicExists(name);
  }

  /** Every topic by name. */
  async listTopics(): Promise<Map<string, TopicInfo>> {
    this.#checkOpen();
    return await this.#driver.listTopics();
  }

  /**
   * Deletes a topic with all its events. Throws `TopicNotFoundError`, or `ForeignFilesError` for a topic into
   * which another program wrote its own events, unless `force` allows deleting those, too.
   */
  async deleteTopic(name: string, options: DeleteTopicOptions = {}): Promise<void> {
    this.#checkOpen();
    checkTopicName(name);
    await this.#driver.deleteTopic(name, options);
  }

  /**
   * What `JSON.stringify` and `console.log` show: its name, but none of its options, since they may hold secrets.
   */
  toJSON(): JsonObject {
    return { name: this.name };
  }

  /** Closes all topics opened from it and releases everything. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #opened<T>(driverTopic: TopicInterface, given: GivenComponents): Promise<Topic<T>> {
    const { name, definition, partitions } = driverTopic;
    const stored = { topic: name, allowed: this.#allowed };
    const components = new TopicComponents({ definition, given, stored, partitions });
    await components.prepare();
    // It may have been closed meanwhile, with all topics that were open then.
    this.#checkOpen();
    const onClose = () => this.#open.delete(topic);
    const topic: Topic<T> = new Topic<T>(driverTopic, components, { driver: this, onClose });
    this.#open.add(topic);
    return topic;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError(`driver "${this.name}"`);
  }

  async #close(): Promise<void> {
    try {
      await closeAll(this.#open);
    } finally {
      await this.#driver.close();
    }
  }
}

makeInspectable(Driver, "Driver");

function defaultDefinition(): TopicDefinition {
  const type = "default";
  return { options: {}, validator: { type }, partitionSelector: { type }, serializer: { type } };
}

async function makeComponents<T>(from: ComponentOptions<T>): Promise<{
  validator: Validator;
  partitionSelector: PartitionSelector;
  serializer: Serializer;
}> {
  const { validator, partitionSelector, serializer } = await makeGiven(from);
  return {
    validator: validator ?? await makeValidator(),
    partitionSelector: partitionSelector ?? await makePartitionSelector(),
    serializer: serializer ?? await makeSerializer(),
  };
}

/** Only the components that the caller gave. */
async function makeGiven<T>(from: ComponentOptions<T>): Promise<GivenComponents> {
  checkOptions("component", from, ["validator", "partitionSelector", "serializer"]);
  // The type of the metadata is for the caller's type checker alone.
  const { validator, partitionSelector, serializer } = from as ComponentOptions;
  const [madeValidator, madeSelector, madeSerializer] = await Promise.all([
    isStandardSchema(validator)
      ? new StandardSchemaValidator(validator)
      : validator && makeValidator(validator),
    partitionSelector && makePartitionSelector(partitionSelector),
    serializer && makeSerializer(serializer),
  ]);
  return withoutUndefined({
    validator: madeValidator,
    partitionSelector: madeSelector,
    serializer: madeSerializer,
  });
}
