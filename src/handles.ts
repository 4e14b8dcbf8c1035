/**
 * What producers and consumers see of their topic, and topics of their driver. At run time these are the very
 * objects that created them; the types leave out the methods that create others, which avoids circular imports.
 *
 * @module
 */
import type { PartitionSelector, Serializer, Validator } from "./components/contract.ts";
import type {
  DeleteTopicOptions,
  PartitionDescription,
  PartitionInfo,
  PartitionLag,
  StartPosition,
  TopicDefinition,
  TopicInfo,
  TrimRequest,
  TrimResult,
} from "./contract.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** What created a producer or a consumer. */
export interface Maker<T = JsonValue> {
  /** The topic. */
  readonly topic: TopicHandle<T>;
  /** Called when it is closed. */
  onClose(): void;
}

/** The driver that a topic was opened from: at run time the same {@linkcode Driver} object. */
export interface DriverHandle {
  /** The driver's name, e.g. `"files"`. */
  readonly name: string;
  /** Whether a topic of that name exists. */
  topicExists(name: string): Promise<boolean>;
  /** Every topic by name. */
  listTopics(): Promise<Map<string, TopicInfo>>;
  /** Deletes a topic with all its events. */
  deleteTopic(name: string, options?: DeleteTopicOptions): Promise<void>;
}

/** The topic that created a producer or consumer: at run time the same {@linkcode Topic} object. */
export interface TopicHandle<T = JsonValue> {
  /** Its name. */
  readonly name: string;
  /** The driver it was opened from. */
  readonly driver: DriverHandle;
  /** Its partitions, in order. */
  readonly partitions: readonly PartitionInfo[];
  /** Decides which events the topic accepts. */
  readonly validator: Validator<T>;
  /** Decides which partition an event goes to. */
  readonly partitionSelector: PartitionSelector<T>;
  /** Serializes and deserializes metadata. */
  readonly serializer: Serializer<T>;
  /** The documents it was created with. */
  readonly definition: TopicDefinition;
  /** The configuration document it was created with, defaults filled in. */
  readonly options: JsonObject;
  /** The state of every partition. */
  describe(): Promise<PartitionDescription[]>;
  /** The consumer lag of a name in every partition, without consuming. */
  lag(consumerName: string): Promise<PartitionLag[]>;
  /** Every consumer name that has acknowledged an event, sorted. */
  consumers(): Promise<string[]>;
  /** Moves the stored position of a consumer name, even backwards. */
  seekConsumer(
    consumerName: string,
    to: StartPosition,
    options?: { partitions?: readonly number[] | undefined },
  ): Promise<void>;
  /** Deletes the stored position of a consumer name. */
  deleteConsumer(consumerName: string): Promise<void>;
  /** Removes the oldest events of partitions. */
  trim(request: TrimRequest): Promise<TrimResult[]>;
  /** Changes options that can be changed after creation. */
  edit(options: JsonObject): Promise<void>;
}

/** The topic of the maker; only for producers and consumers that were created by a topic. */
export function topicOf<T>(maker: Maker<T> | undefined): TopicHandle<T> {
  if (maker === undefined) throw new TypeError("expected a producer or consumer that a topic made");
  return maker.topic;
}
