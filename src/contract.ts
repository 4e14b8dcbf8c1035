/**
 * What a driver implements. The public {@linkcode Driver}, {@linkcode Topic}, {@linkcode Producer} and
 * {@linkcode Consumer} classes do what every engine has in common (validation, partition selection, serialization,
 * batching, futures, data selection); a driver only stores batches and returns them.
 *
 * @module
 */
import type { JsonObject } from "./json.ts";
import type { IncomingBatch } from "./contract/incoming.ts";
import type { Availability, BatchLimit, OutgoingBatch } from "./contract/outgoing.ts";
import type { CorruptedLogError, ForeignContent } from "./errors.ts";
import type { TrimRequest, TrimResult } from "./contract/trim.ts";

export type { TrimRequest, TrimResult } from "./contract/trim.ts";

export type { DataRange, IncomingBatch } from "./contract/incoming.ts";
export type { BatchLimit, BatchPart, OutgoingBatch, OutgoingData } from "./contract/outgoing.ts";

/** How a component is stored with its topic: its type name and everything needed to recreate it. */
export type ComponentDocument = JsonObject & { type: string };

/** Everything a topic was created with. */
export interface TopicDefinition {
  /** The topic's configuration document (`num_partitions` and the driver's own keys) with defaults filled in. */
  options: JsonObject;
  /** Document of the validator. */
  validator: ComponentDocument;
  /** Document of the partition selector. */
  partitionSelector: ComponentDocument;
  /** Document of the serializer. */
  serializer: ComponentDocument;
}

/** What partition selectors know about a partition: `{ partition_id: n }` and what the driver adds. */
export type PartitionInfo = JsonObject & { partition_id: number };

/** One entry of `listTopics()`. */
export interface TopicInfo extends TopicDefinition {
  /** Topic name. */
  name: string;
  /** Number of partitions. */
  numPartitions: number;
  /** Where the topic is stored, if users can access that location. */
  path?: string;
  /** Set when the topic is in another program's layout, which can be imported but not opened. */
  layout?: "cpp-files";
  /**
   * Set when another program stores its own events in the topic's folder: it cannot be opened until they are moved
   * away.
   */
  foreign?: ForeignContent;
  /** Why the topic's documents cannot be read, if they cannot: it is listed anyway, but cannot be opened. */
  fault?: string;
}

/** How to delete a topic. */
export interface DeleteTopicOptions {
  /**
   * Delete the topic even if another program stores its own events in the topic's folder: they are deleted with
   * it.
   */
  force?: boolean | undefined;
}

/** A topic that is hidden until it is published. */
export interface TopicDraftInterface {
  /** The topic, for writing. */
  readonly topic: TopicInterface;
  /**
   * Closes the topic and makes it visible under its name, atomically and with everything that was flushed; throws
   * `TopicExistsError` if the name was taken in the meantime.
   */
  publish(): Promise<void>;
  /** Closes the topic and removes it. */
  discard(): Promise<void>;
}

/** A storage engine. */
export interface DriverInterface {
  /** The driver's name, e.g. `"files"`. */
  readonly name: string;
  /** Creates a topic atomically; throws `TopicExistsError`, `InvalidTopicNameError` or `InvalidOptionError`. */
  createTopic(name: string, definition: TopicDefinition): Promise<void>;
  /**
   * Creates a topic that is invisible until it is published, even after the process was killed. With `resume` it
   * continues the draft that was left under that name if its definition is the same. Engines that cannot hide a
   * topic leave this out: then it is created at once, and deleted when it is discarded.
   */
  draftTopic?(name: string, definition: TopicDefinition, resume: boolean): Promise<TopicDraftInterface>;
  /**
   * Gives one process the exclusive right to fill a topic (which need not exist yet) until the claim is disposed
   * of; throws `TransferInProgressError` while another process holds it. Engines without such claims leave this
   * out.
   */
  claimTopic?(name: string): Promise<AsyncDisposable>;
  /** Opens a topic; throws `TopicNotFoundError`. */
  openTopic(name: string): Promise<TopicInterface>;
  /** Whether the topic exists. */
  topicExists(name: string): Promise<boolean>;
  /** Every topic by name. */
  listTopics(): Promise<Map<string, TopicInfo>>;
  /** Deletes a topic and all its events; throws `TopicNotFoundError`, or `ForeignFilesError` unless forced. */
  deleteTopic(name: string, options?: DeleteTopicOptions): Promise<void>;
  /** Releases everything; topics opened from it have already been closed by their owners. */
  close(): Promise<void>;
}

/** A position in a partition to start reading from. */
export type StartPosition = "earliest" | "latest" | { id: number } | { time: number | Date };

/** The state of one partition, as returned by `topic.describe()`. */
export interface PartitionDescription {
  /** Partition number. */
  partition: number;
  /** Id of the first event that still exists. */
  firstId: number;
  /** Id the next event will get. */
  nextId: number;
  /** Bytes the partition occupies. */
  bytes: number;
  /** Number of segment files (0 where the engine has none). */
  segments: number;
  /** Time of the oldest event, in milliseconds since 1970; undefined if there is none. */
  oldestTime?: number | undefined;
  /** Time of the newest event, in milliseconds since 1970; undefined if there is none. */
  newestTime?: number | undefined;
  /**
   * Why the partition cannot be queried now, e.g. because it has no leader: the numbers are the last known ones.
   */
  fault?: string;
}

/** How far a consumer name lags in one partition. */
export interface PartitionLag {
  /** Partition number. */
  partition: number;
  /** Id of the next event for the consumer name. */
  position: number;
  /** Whether the name ever acknowledged anything here. */
  acknowledged: boolean;
  /** Events not yet acknowledged. */
  events: number;
  /** Bytes not yet acknowledged, as accurately as the engine knows without reading them. */
  bytes: number;
  /** Age of the oldest event not yet acknowledged, in seconds; 0 when there is none. */
  seconds: number;
  /** Why something is unknown now: numbers of events, maybe also the position, are then meaningless. */
  fault?: string;
}

/** An opened topic of a driver. */
export interface TopicInterface {
  /** Topic name. */
  readonly name: string;
  /** The definition it was created with. */
  readonly definition: TopicDefinition;
  /** Its partitions, in order. */
  readonly partitions: readonly PartitionInfo[];
  /** Creates a producer; does not access the engine yet. */
  producer(name: string): ProducerInterface;
  /** Creates a consumer with that name; does not access the engine yet. */
  consumer(name: string, options: ConsumerRequest): ConsumerInterface;
  /** The state of every partition; if some are given, the others may be left out. */
  describe(partitions?: readonly number[]): Promise<PartitionDescription[]>;
  /** The consumer lag of a name, without consuming. */
  lag(consumerName: string): Promise<PartitionLag[]>;
  /** Every consumer name that has a stored position. */
  consumers(): Promise<string[]>;
  /**
   * The members of the group of that name; empty if it is not used as a group. Engines without groups leave this
   * out.
   */
  members?(consumerName: string): Promise<GroupMember[]>;
  /** Sets a name's stored position, even backwards, without consuming. */
  seekConsumer(consumerName: string, to: StartPosition, partitions?: number[]): Promise<void>;
  /** Deletes a name's stored position. */
  deleteConsumer(consumerName: string): Promise<void>;
  /** Removes the oldest events. */
  trim(request: TrimRequest): Promise<TrimResult[]>;
  /** Changes topic options that can be changed after creation (retention, segment size). */
  edit(options: JsonObject): Promise<void>;
  /** Releases the handle's resources. */
  close(): Promise<void>;
}

/** The write side of a driver. */
export interface ProducerInterface extends Availability {
  /**
   * Set by engines that reject larger batches; they then get none, except with a single event. Such an engine
   * needs a network round trip for each batch, so a batch also grows beyond `batchSize` while no further batch may
   * be sent.
   */
  readonly batchLimit?: BatchLimit;
  /**
   * Stores a batch in one partition and returns the id of its first event; ids in a batch are consecutive. Returns
   * (or resolves) only once the batch is stored at the topic's durability level, except that under `on_flush`
   * {@linkcode flush} waits for the disk. A synchronous return means it is stored. Calls for one partition are
   * stored in call order, even while earlier ones are pending; a failed one throws or rejects, and none of it is
   * visible. Afterwards the buffers belong to the caller again.
   */
  append(partition: number, batch: OutgoingBatch): number | Promise<number>;
  /**
   * Like {@linkcode append}, but blocks until the batch is stored at the topic's durability level. Called when
   * more is pending than `maxNumBatches` allows, never with a stream; `undefined` means that it is impossible now
   * (and nothing was stored). Engines that cannot block leave this out: events then wait in memory, up to
   * `maxPendingBytes`.
   */
  appendSync?(partition: number, batch: OutgoingBatch): number | undefined;
  /** Makes everything appended before as durable as the topic promises. */
  flush(): Promise<void>;
  /** Releases the producer's resources; the caller has flushed everything pending. */
  close(): Promise<void>;
}

/** The options a consumer is opened with. */
export interface ConsumerRequest {
  /** Where to start in partitions in which the name has acknowledged nothing yet. */
  from: StartPosition;
  /** Only these partitions; undefined means all (or those a group assigns). */
  partitions?: number[] | undefined;
  /** With `"skip"`, `read` skips damage and reports it to `onDamage`; with `"throw"` it throws. */
  onCorruption: "throw" | "skip";
  /** Called with all damage that is skipped. */
  onDamage?: ((error: CorruptedLogError) => void) | undefined;
  /** Whether data parts will be requested, so that the engine can read them ahead. */
  dataWanted: boolean;
  /** Number of batches the engine may read ahead, at least 1; undefined leaves it to the engine. */
  batchesMax?: number | undefined;
  /** Whether consumers of this name share the partitions; undefined: as the engine does. One that cannot throws an error. */
  group?: boolean | undefined;
  /** Aborted when the consumer is closed: `open` need not wait any longer for others then. */
  closing?: AbortSignal | undefined;
  /** With `group`: how long a member may go without a heartbeat before its partitions are reassigned. */
  groupTimeoutMs?: number | undefined;
  /**
   * With `group`: call this as soon as a partition is revoked. Events read from it are no longer delivered;
   * returns the id after the last event that was.
   */
  release?(partition: number): number;
  /** With `group`: call this with the assigned partitions after each rebalance. */
  onAssigned?(partitions: readonly number[]): void;
  /** With `group`: call this when partitions may have been lost unnoticed, to have that checked before the next event. */
  recheck?(): void;
}

/** A member of a group: one open consumer of a name whose consumers share the partitions. */
export interface GroupMember {
  /** Its unique id. */
  id: string;
  /** The machine it runs on, if known. */
  host: string;
  /** Its process id on that machine, if known. */
  pid?: number;
  /** The partitions assigned to it, in order. */
  partitions: number[];
}

/** The read side of a driver. */
export interface ConsumerInterface {
  /**
   * Resolves when the positions are known and `read` may be called. Called before anything else, right after the
   * consumer is created: `"latest"` means the end at that moment. Called again if it failed with an error whose
   * `canRetry` is true.
   */
  open(): Promise<void>;
  /** The partitions this consumer reads now; a new array after each rebalance. */
  readonly assigned: readonly number[];
  /** Calls `release` for what was lost, before an event is delivered; returns for how many events that is enough. */
  checkOwnership?(): number;
  /**
   * The next batch of one partition from its read position, which moves past it; undefined if there is nothing to
   * read now. Returns at most `eventsMax` events. Does not wait for events to be produced. If the events at the
   * position were removed, throws `EventGoneError` once and moves to the first existing event; if it throws
   * anything else, the position is unchanged.
   */
  read(partition: number, eventsMax: number): IncomingBatch | undefined | Promise<IncomingBatch | undefined>;
  /**
   * Called for a partition that returned nothing although an iteration expects more events from it: resolves when
   * another read may help, rejects if its events are unavailable now; undefined if nothing delays them. Engines
   * that always return what is stored leave this out.
   */
  reach?(partition: number): Promise<void> | undefined;
  /**
   * Resolves when there may be an event that the last `read` of its partition did not see, immediately if there is
   * one already; also when `signal` aborts or the consumer is closed (without an error).
   */
  waitForEvents(signal: AbortSignal): Promise<void>;
  /** Stores that every event of the partition below `nextId` is processed. Never moves backwards. */
  acknowledge(partition: number, nextId: number): void | Promise<void>;
  /**
   * Moves the read position in partitions; with `store`, the stored one too (even backwards), in all of them or in none.
   * An id after the end means the end; the id of a removed event throws `EventGoneError` on read.
   */
  seek(partitions: readonly number[], to: StartPosition, store: boolean): Promise<void>;
  /** The read position of a partition: id of the next event to be read. */
  position(partition: number): number;
  /** Releases everything: no timer, watcher or open file remains. */
  close(): Promise<void>;
}
