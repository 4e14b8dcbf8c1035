/**
 * Event streaming: topics made of partitions, producers that push events into them, named consumers that
 * continue where they stopped.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("files", { root_path: "./diaspora-data" });
 * if (!await driver.topicExists("my_topic")) await driver.createTopic("my_topic", { num_partitions: 1 });
 * await using topic = await driver.openTopic("my_topic");
 *
 * await using producer = topic.producer("my_producer");
 * for (let i = 0; i < 100; i++) producer.push({ x: i * 42, name: "bob" });
 * await producer.flush();
 *
 * await using consumer = topic.consumer("my_consumer");
 * for (let i = 0; i < 100; i++) {
 *   const event = await consumer.pull();
 *   console.log(event.id, event.metadata);
 *   if ((i + 1) % 10 === 0) await event.acknowledge();
 * }
 * ```
 *
 * @module
 */
export { BatchSize } from "./src/options.ts";
export * from "./src/components/mod.ts";
export type { ComponentObstacles } from "./src/components/topic_components.ts";
export { Consumer, type SeekOptions } from "./src/consumer.ts";
export {
  type DataAllocator,
  type DataSelector,
  FullDataSelector,
  reusingAllocator,
  Uint8ArrayAllocator,
} from "./src/consumer/data_selection.ts";
export type { EventsOptions } from "./src/consumer/events_options.ts";
export type { ConsumerOptions } from "./src/consumer/consumer_options.ts";
export { type ProcessOptions, StopEventProcessor } from "./src/consumer/process.ts";
export {
  type AcknowledgeMessage,
  type AssignmentMessage,
  type CorruptionMessage,
  DiagnosticChannel,
  diagnostics,
  type FetchMessage,
  type FlushMessage,
  type PullMessage,
  type PushMessage,
  type RetryMessage,
  type RollMessage,
} from "./src/diagnostics.ts";
export { DataDescriptor } from "./src/data/descriptor.ts";
export type { DataPart, DataPiece } from "./src/data/view.ts";
export { type ComponentOptions, type DraftOptions, Driver, type NotInferred } from "./src/driver.ts";
export type {
  BuiltInDrivers,
  CommonDriverOptions,
  DriverOptionsOf,
  FilesDriverOptions,
  FilesTopicOptions,
  FlushBehaviorOption,
  KafkaDriverOptions,
  KafkaTopicOptions,
  MemoryDriverOptions,
  MemoryTopicOptions,
  TopicOptionsOf,
} from "./src/options/driver_options.ts";
export {
  type DriverFactory,
  driverNames,
  type DriverRegistration,
  registerDriver,
} from "./src/drivers/registry.ts";
export type { Availability } from "./src/contract/outgoing.ts";
export type {
  BatchLimit,
  BatchPart,
  ConsumerInterface,
  ConsumerRequest,
  DataRange,
  DeleteTopicOptions,
  DriverInterface,
  GroupMember,
  IncomingBatch,
  OutgoingBatch,
  OutgoingData,
  PartitionDescription,
  PartitionLag,
  ProducerInterface,
  StartPosition,
  TopicDefinition,
  TopicDraftInterface,
  TopicInfo,
  TopicInterface,
  TrimRequest,
  TrimResult,
} from "./src/contract.ts";
export * from "./src/errors.ts";
export { Event, type EventID } from "./src/event.ts";
export { Future, type WaitOptions } from "./src/future.ts";
export type { DriverHandle, TopicHandle } from "./src/handles.ts";
export type { JsonObject, JsonValue } from "./src/json.ts";
export { Metadata, type PushedMetadata } from "./src/metadata.ts";
export { type OptionRule, type OptionRules, readOptions, rule, type RuleMakers } from "./src/options.ts";
export { Producer } from "./src/producer.ts";
export type { ProducerOptions, PushOptions } from "./src/producer/producer_options.ts";
export { PushEnvelope } from "./src/producer/push_envelope.ts";
export type { PushItem } from "./src/producer/writable.ts";
export {
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
  type StandardSchemaOptions,
  StandardSchemaValidator,
} from "./src/components/standard_schema.ts";
export { Topic } from "./src/topic.ts";
export { TopicDraft } from "./src/topic/draft.ts";
