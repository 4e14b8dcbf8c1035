import type { PartitionSelector, Serializer, Validator } from "./components/contract.ts";
import type { TopicComponents } from "./components/topic_components.ts";
import { Consumer } from "./consumer.ts";
import { checkedPartitions, checkedPosition, type ConsumerOptions } from "./consumer/consumer_options.ts";
import type {
  GroupMember,
  PartitionDescription,
  PartitionInfo,
  PartitionLag,
  StartPosition,
  TopicDefinition,
  TopicInterface,
  TrimRequest,
  TrimResult,
} from "./contract.ts";
import { closeAll } from "./async.ts";
import { ClosedError, NotSupportedError } from "./errors.ts";
import type { DriverHandle, TopicHandle } from "./handles.ts";
import { makeInspectable } from "./inspect.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { checkConsumerName } from "./names.ts";
import { checkOptions, copyOptions, withoutUndefined } from "./options.ts";
import { Producer } from "./producer.ts";
import type { ProducerOptions } from "./producer/producer_options.ts";
import { withoutSecrets } from "./secrets.ts";
import { readTrimRequest } from "./contract/trim.ts";

/** What opened a topic. */
interface TopicOwner {
  /** The driver. */
  readonly driver: DriverHandle;
  /** Called when the topic is closed. */
  onClose(): void;
}

/**
 * A topic: partitions with events, and the components that process them. Created by {@linkcode Driver.openTopic}.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 3 });
 * await using topic = await driver.openTopic<{ energy: number }>("readings");
 * console.log(topic.name, topic.partitions.length); // readings 3
 * await using producer = topic.producer("app");
 * await producer.push({ energy: 42 });
 * console.log((await topic.describe())[0]?.nextId); // 1
 * ```
 */
export class Topic<T = JsonValue> implements TopicHandle<T>, AsyncDisposable {
  /** The driver it was opened from; to open other topics with it, keep the {@linkcode Driver} itself. */
  readonly driver: DriverHandle;
  readonly #driver: TopicInterface;
  readonly #components: TopicComponents;
  readonly #onClose: () => void;
  /** Open producers and consumers. */
  readonly #open = new Set<AsyncDisposable>();
  #closing: Promise<void> | undefined = undefined;

  /** Created by {@linkcode Driver.openTopic}. */
  constructor(topic: TopicInterface, components: TopicComponents, owner: TopicOwner) {
    this.#driver = topic;
    this.driver = owner.driver;
    this.#onClose = () => owner.onClose();
    this.#components = components;
  }

  /** Its name. */
  get name(): string {
    return this.#driver.name;
  }

  /** Its partitions, in order. */
  get partitions(): readonly PartitionInfo[] {
    return this.#driver.partitions;
  }

  /**
   * Decides which events the topic accepts. Like the other components it is created on first access; one from a
   * module returns promises until the module is loaded. Throws `ModuleNotAllowedError` or `UnknownComponentError`.
   */
  get validator(): Validator<T> {
    return this.#components.validator as Validator<T>;
  }

  /** Decides which partition an event goes to. Throws the same errors as {@linkcode validator}. */
  get partitionSelector(): PartitionSelector<T> {
    return this.#components.partitionSelector as PartitionSelector<T>;
  }

  /** Serializes and deserializes metadata. Throws the same errors as {@linkcode validator}. */
  get serializer(): Serializer<T> {
    return this.#components.serializer as Serializer<T>;
  }

  /** The documents it was created with, as stored; no components are created from them. */
  get definition(): TopicDefinition {
    const { options, validator, partitionSelector, serializer } = this.#driver.definition;
    return structuredClone({ options, validator, partitionSelector, serializer });
  }

  /** The configuration document it was created with, defaults filled in. */
  get options(): JsonObject {
    return structuredClone(this.#driver.definition.options);
  }

  /**
   * Creates a producer. Any name is allowed, and it may be left out. Throws `InvalidOptionError`, and
   * `ModuleNotAllowedError` or `UnknownComponentError` if the topic has a component that may not be loaded or is
   * not registered.
   */
  producer(name?: string, options?: ProducerOptions): Producer<T>;
  /** Creates a producer without a name; throws the same errors as the other form. */
  producer(options?: ProducerOptions): Producer<T>;
  producer(name: string | ProducerOptions = "", options?: ProducerOptions): Producer<T> {
    if (typeof name !== "string") return this.producer("", name);
    this.#checkOpen();
    const producer: Producer<T> = new Producer<T>(
      name,
      this.#driver,
      this.#components,
      options,
      { topic: this, onClose: () => this.#open.delete(producer) },
    );
    this.#open.add(producer);
    return producer;
  }

  /**
   * Creates a consumer that starts after the last event acknowledged under this name, or at `from`. Throws
   * `InvalidConsumerNameError`, `InvalidOptionError` or `NoSuchPartitionError`, and `ModuleNotAllowedError` or
   * `UnknownComponentError` if the topic's serializer may not be loaded or is not registered.
   */
  consumer(name: string, options?: ConsumerOptions<T>): Consumer<T> {
    checkConsumerName(name);
    this.#checkOpen();
    const consumer: Consumer<T> = new Consumer<T>(
      name,
      this.#driver,
      this.#components,
      options,
      { topic: this, onClose: () => this.#open.delete(consumer) },
    );
    this.#open.add(consumer);
    return consumer;
  }

  /** The state of every partition. */
  async describe(): Promise<PartitionDescription[]> {
    this.#checkOpen();
    return await this.#driver.describe();
  }

  /** The consumer lag of a name in every partition, without consuming. */
  async lag(consumerName: string): Promise<PartitionLag[]> {
    checkConsumerName(consumerName);
    this.#checkOpen();
    return await this.#driver.lag(consumerName);
  }

  /** Every consumer name that has acknowledged an event, sorted. */
  async consumers(): Promise<string[]> {
    this.#checkOpen();
    return (await this.#driver.consumers()).sort();
  }

  /**
   * The members of the group of a consumer name, and the partitions assigned to each; empty if the name is not
   * used as a group. Throws `NotSupportedError` if the driver has no groups.
   */
  async members(consumerName: string): Promise<GroupMember[]> {
    checkConsumerName(consumerName);
    this.#checkOpen();
    if (this.#driver.members === undefined) {
      throw new NotSupportedError(`Cannot list the members of "${consumerName}": the driver has no groups`);
    }
    return await this.#driver.members(consumerName);
  }

  /**
   * Moves the stored position of a consumer name, even backwards; open consumers of that name are not affected.
   */
  async seekConsumer(
    consumerName: string,
    to: StartPosition,
    options: { partitions?: readonly number[] } = {},
  ): Promise<void> {
    checkConsumerName(consumerName);
    this.#checkOpen();
    const position = checkedPosition("seek", "to", to);
    checkOptions("seek", options, ["partitions"]);
    await this.#driver.seekConsumer(
      consumerName,
      position,
      this.#checkedPartitions("seek", options.partitions),
    );
  }

  /** Deletes the stored position of a consumer name: it starts at `from` again. */
  async deleteConsumer(consumerName: string): Promise<void> {
    checkConsumerName(consumerName);
    this.#checkOpen();
    await this.#driver.deleteConsumer(consumerName);
  }

  /**
   * Removes the oldest events of partitions; engines remove whole segments, so less may be removed than requested.
   */
  async trim(request: TrimRequest): Promise<TrimResult[]> {
    this.#checkOpen();
    const checked = readTrimRequest(request);
    const partitions = this.#checkedPartitions("trim", request.partitions);
    return await this.#driver.trim(withoutUndefined({ ...checked, partitions }));
  }

  /** Changes options that can be changed after creation; throws `InvalidOptionError` for others. */
  async edit(options: JsonObject): Promise<void> {
    this.#checkOpen();
    await this.#driver.edit(copyOptions("topic", options));
  }

  /** What `JSON.stringify` and `console.log` show. */
  toJSON(): JsonObject {
    return {
      name: this.name,
      driver: this.driver.name,
      partitions: this.partitions.length,
      options: withoutSecrets(this.#driver.definition.options),
    };
  }

  /** Closes the producers and consumers created from it, and releases everything. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError(`topic "${this.name}"`);
  }

  #checkedPartitions(owner: string, partitions: readonly number[] | undefined): number[] | undefined {
    return partitions === undefined
      ? undefined
      : checkedPartitions(owner, partitions, this.partitions.length);
  }

  async #close(): Promise<void> {
    try {
      await closeAll(this.#open);
    } finally {
      this.#onClose();
      await this.#driver.close();
    }
  }
}

makeInspectable<Topic<unknown>>(Topic, "Topic");
