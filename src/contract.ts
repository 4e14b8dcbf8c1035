/**
 * What a driver implements. The public {@linkcode Driver}, {@linkcode Topic}, {@linkcode Producer} and
 * {@linkcode Consumer} classes do what is the same for every engine (validation, partition choice,
 * serialization, batching, futures, data selection); a driver stores batches and gives them back.
 *
 * @module
 */
import type { JsonObject } from "./json.ts";
import type { IncomingBatch } from "./contract/incoming.ts";
import type { BatchLimit, OutgoingBatch } from "./contract/outgoing.ts";
import type { CorruptedLogError, ForeignContent } from "./errors.ts";
import type { TrimRequest, TrimResult } from "./trim_request.ts";

export type { TrimRequest, TrimResult } from "./trim_request.ts";

export type { DataRange, IncomingBatch } from "./contract/incoming.ts";
export type { BatchLimit, BatchPart, OutgoingBatch, OutgoingData } from "./contract/outgoing.ts";

/** How a component is stored with its topic: its type name and whatever recreates it. */
export type ComponentDocument = JsonObject & { type: string };

/** Everything a topic was created with. */
export interface TopicDefinition {
  /** The topic's configuration document (`num_partitions` and the driver's own keys), defaults filled in. */
  options: JsonObject;
  /** Document of the validator. */
  validator: ComponentDocument;
  /** Document of the partition selector. */
  partitionSelector: ComponentDocument;
  /** Document of the serializer. */
  serializer: ComponentDocument;
}

/** What partition selectors get of a partition: `{ partition_id: n }` and what the driver adds. */
export type PartitionInfo = JsonObject & { partition_id: number };

/** One line of `listTopics()`. */
export interface TopicInfo extends TopicDefinition {
  /** Topic name. */
  name: string;
  /** Number of partitions. */
  numPartitions: number;
  /** Where the topic is kept, if it has a place a user could look at. */
  path?: string;
  /** Set when the topic is in another program's layout, which can be imported but not opened. */
  layout?: "cpp-files";
  /** Set when another program keeps events of its own in the topic's folder: it is not opened before they are away. */
  foreign?: ForeignContent;
  /** Why its documents cannot be read, where they cannot: it is listed all the same, and not opened. */
  fault?: string;
}

/** How a topic is deleted. */
export interface DeleteTopicOptions {
  /** Delete the topic even if another program keeps its own events in the topic's folder: they are deleted with it. */
  force?: boolean;
}

/** A topic that no one sees before it is published. */
export interface TopicDraftInterface {
  /** The topic, to be written to. */
  readonly topic: TopicInterface;
  /**
   * Closes the topic and shows it under its name, with all that was flushed, at once or not at all; throws
   * `TopicExistsError` when the name was taken meanwhile.
   */
  publish(): Promise<void>;
  /** Closes the topic and removes it. */
  discard(): Promise<void>;
}

/** An engine: keeps topics. */
export interface DriverInterface {
  /** The driver's name, e.g. `"files"`. */
  readonly name: string;
  /** Creates a topic atomically; throws `TopicExistsError`, `InvalidTopicNameError` or `InvalidOptionError`. */
  createTopic(name: string, definition: TopicDefinition): Promise<void>;
  /**
   * Makes a topic that is not there for anybody until it is published, not even after the process was killed. With
   * `resume` it goes on with the one that was left under that name, if it is of the same definition. Engines that
   * cannot hide a topic leave it out: then it is created at once, and deleted when it is discarded.
   */
  draftTopic?(name: string, definition: TopicDefinition, resume: boolean): Promise<TopicDraftInterface>;
  /**
   * Gives one process alone the right to fill a topic, which need not be there yet, until it is disposed of; throws
   * `TransferInProgressError` while another one has it. Engines that cannot tell leave it out.
   */
  claimTopic?(name: string): Promise<AsyncDisposable>;
  /** Opens a topic; throws `TopicNotFoundError`. */
  openTopic(name: string): Promise<TopicInterface>;
  /** Whether the topic is there. */
  topicExists(name: string): Promise<boolean>;
  /** Every topic by name. */
  listTopics(): Promise<Map<string, TopicInfo>>;
  /** Deletes a topic and all its events; throws `TopicNotFoundError`, or `ForeignFilesError` unless it is forced. */
  deleteTopic(name: string, options?: DeleteTopicOptions): Promise<void>;
  /** Releases everything; topics opened from it are closed by their owners before. */
  close(): Promise<void>;
}

/** A place in a partition to read from. */
export type StartPosition = "earliest" | "latest" | { id: number } | { time: number | Date };

/** The state of one partition, as `topic.describe()` gives it. */
export interface PartitionDescription {
  /** Partition number. */
  partition: number;
  /** Id of the first event that is still there. */
  firstId: number;
  /** Id the next event will get. */
  nextId: number;
  /** Bytes the partition occupies. */
  bytes: number;
  /** Number of segment files (0 where the engine has none). */
  segments: number;
  /** Time of the oldest event, in milliseconds since 1970; undefined where there is none. */
  oldestTime?: number | undefined;
  /** Time of the newest event, in milliseconds since 1970; undefined where there is none. */
  newestTime?: number | undefined;
  /** Why the partition cannot be asked about now, as when no broker leads it: the numbers are what was known last. */
  fault?: string;
}

/** How far a consumer name is behind in one partition. */
export interface PartitionLag {
  /** Partition number. */
  partition: number;
  /** Id of the event the name gets next. */
  position: number;
  /** Whether the name ever acknowledged anything here. */
  acknowledged: boolean;
  /** Events not yet acknowledged. */
  events: number;
  /** Bytes not yet acknowledged, as nearly as the engine knows without reading them. */
  bytes: number;
  /** Age of the oldest event not yet acknowledged, in seconds; 0 when there is none. */
  seconds: number;
  /** Why nothing is known of the partition's events now: `events`, `bytes` and `seconds` are 0 and mean nothing then. */
  fault?: string;
}

/** An opened topic of a driver. */
export interface TopicInterface {
  /** Topic name. */
  readonly name: string;
  /** What it was created with. */
  readonly definition: TopicDefinition;
  /** Its partitions, in order. */
  readonly partitions: readonly PartitionInfo[];
  /** Makes a producer; does not touch the engine yet. */
  producer(name: string): ProducerInterface;
  /** Makes a consumer with that name; does not touch the engine yet. */
  consumer(name: string, options: ConsumerRequest): ConsumerInterface;
  /** The state of every partition; where some are named, the others may be left out. */
  describe(partitions?: readonly number[]): Promise<PartitionDescription[]>;
  /** Where a name stands, without consuming. */
  lag(consumerName: string): Promise<PartitionLag[]>;
  /** Every consumer name that has a stored position. */
  consumers(): Promise<string[]>;
  /** The members of the group of that name; none where no one shares. Engines without groups leave it out. */
  members?(consumerName: string): Promise<GroupMember[]>;
  /** Sets a name's stored position, also backwards, without consuming. */
  seekConsumer(consumerName: string, to: StartPosition, partitions?: number[]): Promise<void>;
  /** Forgets a name's stored position. */
  deleteConsumer(consumerName: string): Promise<void>;
  /** Removes events from the front. */
  trim(request: TrimRequest): Promise<TrimResult[]>;
  /** Changes topic options that may change later (retention, segment size). */
  edit(options: JsonObject): Promise<void>;
  /** Releases what the handle holds. */
  close(): Promise<void>;
}

/** The storing half of a driver. */
export interface ProducerInterface {
  /**
   * Set by engines that refuse larger batches; they get none, save with a single event. Such an engine is one of
   * many round trips, so a batch also grows beyond `batchSize` while no other may be on its way.
   */
  readonly batchLimit?: BatchLimit;
  /**
   * Stores a batch in one partition and gives the id of its first event; ids in a batch are consecutive.
   * Returned (or resolved) only once the batch is stored at the topic's durability level, save that under
   * `on_flush` the disk is waited for by {@linkcode flush}. A synchronous return means it is stored. Calls for
   * one partition are stored in call order, even when earlier ones are still pending; a failed one is
   * thrown or rejected, and nothing of it is visible. The buffers belong to the caller again afterwards.
   */
  append(partition: number, batch: OutgoingBatch): number | Promise<number>;
  /**
   * Like {@linkcode append}, but blocks until the batch is stored at the topic's durability level. Called when
   * more is pending than `maxNumBatches` allows, never with a stream; `undefined` says that it cannot be done
   * now (nothing was stored). Engines that cannot block leave it out, and the push is refused.
   */
  appendSync?(partition: number, batch: OutgoingBatch): number | undefined;
  /** Makes everything appended before as durable as the topic promises. */
  flush(): Promise<void>;
  /** Releases what the producer holds; everything pending has been flushed by the caller. */
  close(): Promise<void>;
}

/** What a consumer is opened with. */
export interface ConsumerRequest {
  /** Where to begin in partitions where the name acknowledged nothing yet. */
  from: StartPosition;
  /** Only these partitions; undefined means all (or those a group assigns). */
  partitions?: number[] | undefined;
  /** With `"skip"`, `read` passes over damage and reports it to `onDamage`; with `"throw"` it throws. */
  onCorruption: "throw" | "skip";
  /** Called with every damage passed over. */
  onDamage?: ((error: CorruptedLogError) => void) | undefined;
  /** Whether data parts will be asked for, so that the engine may read ahead. */
  dataWanted: boolean;
  /** Batches the engine may read ahead, at least 1; undefined leaves it to the engine. */
  batchesMax?: number | undefined;
  /**
   * Whether consumers of this name share the partitions; undefined leaves it to the engine. One that cannot do what is
   * asked throws `NotSupportedError`.
   */
  group?: boolean | undefined;
  /** With `group`: how long a member may show no sign of life before its partitions are given to others. */
  groupTimeoutMs?: number | undefined;
  /**
   * With `group`: to be called at once for a partition that goes to another member. Nothing more is given out of what
   * was read of it; gives the id after the last event that was.
   */
  release?(partition: number): number;
  /** With `group`: to be called with the partitions whenever they have changed. */
  onAssigned?(partitions: readonly number[]): void;
}

/** A member of a group: one open consumer of a name under which consumers share the partitions. */
export interface GroupMember {
  /** What tells it from the others. */
  id: string;
  /** The machine it runs on, where known. */
  host: string;
  /** Number of its process there, where known. */
  pid?: number;
  /** The partitions that it owns, in order. */
  partitions: number[];
}

/** The reading half of a driver. */
export interface ConsumerInterface {
  /**
   * Resolves when positions are known and `read` may be called. Called once, before anything else, as soon as
   * the consumer is made: `"latest"` means the end at that moment.
   */
  open(): Promise<void>;
  /** The partitions this consumer reads now; another array whenever a group changes them. */
  readonly assigned: readonly number[];
  /**
   * The next batch of one partition from its read position, which moves past it; undefined when nothing is
   * there now. At most `eventsMax` events. Does not wait for events to be produced. When the events at the
   * position were removed, throws `EventGoneError` once and moves to the first that is there; when it throws
   * anything else, the position stays.
   */
  read(partition: number, eventsMax: number): IncomingBatch | undefined | Promise<IncomingBatch | undefined>;
  /**
   * Asked of a partition that gave nothing though an iteration wants more of it: resolves when reading again may
   * help, rejects when its events cannot be had now; undefined when nothing keeps them back. Engines that always
   * give what is there leave it out.
   */
  reach?(partition: number): Promise<void> | undefined;
  /**
   * Resolves when there may be something that the last `read` of its partition did not see, at once if it is
   * there already; or when `signal` aborts or the consumer is closed (then without an error).
   */
  waitForEvents(signal: AbortSignal): Promise<void>;
  /** Stores that every event of the partition below `nextId` is done with. Never moves backwards. */
  acknowledge(partition: number, nextId: number): void | Promise<void>;
  /**
   * Moves the read position; with `store`, the stored one too (also backwards). An id after the end means the
   * end; one that was removed throws `EventGoneError` when it is read.
   */
  seek(partition: number, to: StartPosition, store: boolean): Promise<void>;
  /** The read position of a partition: id of the event read next. */
  position(partition: number): number;
  /** Releases everything: no timer, watcher or open file stays. */
  close(): Promise<void>;
}
