/**
 * What producers and consumers know of their topic, and topics of their driver. They are the very objects that
 * made them; the types leave out what makes others, so that no file needs one that needs it.
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

/** What made a producer or a consumer. */
export interface Maker<T = JsonValue> {
  /** The topic. */
  readonly topic: TopicHandle<T>;
  /** Called when it is closed. */
  onClose(): void;
}

/** The driver that a topic was opened from: the same object as there, a {@linkcode Driver}. */
export interface DriverHandle {
  /** The driver's name, e.g. `"files"`. */
  readonly name: string;
  /** Whether there is a topic of that name. */
  topicExists(name: string): Promise<boolean>;
  /** Every topic by name. */
  listTopics(): Promise<Map<string, TopicInfo>>;
  /** Deletes a topic with all its events. */
  deleteTopic(name: string, options?: DeleteTopicOptions): Promise<void>;
}

/** The topic that a producer or consumer was made by: the same object as there, a {@linkcode Topic}. */
export interface TopicHandle<T = JsonValue> {
  /** Its name. */
  readonly name: string;
  /** The driver it was opened from. */
  readonly driver: DriverHandle;
  /** Its partitions, in order. */
  readonly partitions: readonly PartitionInfo[];
  /** Says which events the topic takes. */
  readonly validator: Validator<T>;
  /** Says which partition an event goes to. */
  readonly partitionSelector: PartitionSelector;
  /** Writes and reads metadata. */
  readonly serializer: Serializer;
  /** The documents it was created with. */
  readonly definition: TopicDefinition;
  /** The configuration document it was created with, defaults filled in. */
  readonly options: JsonObject;
  /** The state of every partition. */
  describe(): Promise<PartitionDescription[]>;
  /** How far a consumer name lags in every partition, without consuming. */
  lag(consumerName: string): Promise<PartitionLag[]>;
  /** Every consumer name that acknowledged something, sorted. */
  consumers(): Promise<string[]>;
  /** Moves the stored position of a consumer name, also backwards. */
  seekConsumer(
    consumerName: string,
    to: StartPosition,
    options?: { partitions?: readonly number[] },
  ): Promise<void>;
  /** Forgets the stored position of a consumer name. */
  deleteConsumer(consumerName: string): Promise<void>;
  /** Removes events from the front of partitions. */
  trim(request: TrimRequest): Promise<TrimResult[]>;
  /** Changes options that may change while the topic is there. */
  edit(options: JsonObject): Promise<void>;
}

/** The topic of what was made by one; who makes a producer without a topic must not ask. */
export function madeBy<T>(maker: Maker<T> | undefined): TopicHandle<T> {
  if (maker === undefined) throw new TypeError("a producer or consumer that no topic made has none");
  return maker.topic;
}
