import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Damage } from "./errors.ts";

/** A batch of pushed events was stored, or failed. */
export interface PushMessage {
  /** Topic name. */
  topic: string;
  /** Producer name; empty if it has none. */
  producer: string;
  /** Partition number. */
  partition: number;
  /** Number of events in the batch. */
  events: number;
  /** Size of metadata and data; JSON text counts as one byte per character. */
  bytes: number;
  /** Id of the first event; undefined if the batch failed. */
  firstId?: number;
  /** Time from handing the batch to the engine until it was stored, in milliseconds. */
  durationMs: number;
  /** Why it failed. */
  error?: unknown;
}

/** A `flush()` completed or failed. */
export interface FlushMessage {
  /** Topic name. */
  topic: string;
  /** Producer name; empty if it has none. */
  producer: string;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /** Why it failed. */
  error?: unknown;
}

/** A batch of events was read. */
export interface PullMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** Partition number. */
  partition: number;
  /** Number of events in the batch. */
  events: number;
  /** Id of the first event. */
  firstId: number;
}

/** A position was stored, or failed to be. */
export interface AcknowledgeMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** Partition number. */
  partition: number;
  /** Id of the next event for the consumer name. */
  nextId: number;
  /** How long storing it took, in milliseconds. */
  durationMs: number;
  /** Why it failed. */
  error?: unknown;
}

/** A group rebalance changed the partitions of a consumer. */
export interface AssignmentMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** The partitions assigned to it now, in order. */
  partitions: readonly number[];
  /** Partitions that were added. */
  gained: readonly number[];
  /** Partitions that were revoked. */
  lost: readonly number[];
}

/** A partition rolled to a new segment file. */
export interface RollMessage {
  /** Topic name. */
  topic: string;
  /** Partition number. */
  partition: number;
}

/** A consumer found damage. */
export interface CorruptionMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** What is damaged, and where. */
  damage: Damage;
  /** Whether it was skipped (`onCorruption: "skip"`) rather than thrown. */
  skipped: boolean;
}

/** A broker's fetch response for a partition. Only from engines that fetch. */
export interface FetchMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** Partition number. */
  partition: number;
  /** Bytes of events received over the network. */
  bytes: number;
  /** The fetch lag: number of ids from the fetched position to the partition's end. */
  behind: number;
}

/** A failed operation that will be retried. Only from engines that use a network. */
export interface RetryMessage {
  /** The operation, as errors name it: `store events in topic "images" partition 1`. */
  operation: string;
  /** Topic name, if it concerns one. */
  topic?: string;
  /** Partition number, if it concerns one. */
  partition?: number;
  /** Number of attempts so far. */
  attempt: number;
  /** Delay before the next attempt, in milliseconds. */
  delayMs: number;
  /** Why the last attempt failed. */
  error: unknown;
}

/** A channel of `node:diagnostics_channel` with messages of one type. It costs nothing without subscribers. */
export class DiagnosticChannel<M> {
  readonly #channel: ReturnType<typeof channel>;

  /** The channel with that name. */
  constructor(
    /** Its name for `node:diagnostics_channel`. */
    readonly name: string,
  ) {
    this.#channel = channel(name);
  }

  /** Whether there are subscribers: without any, a message need not be created. */
  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers;
  }

  /** Publishes a message to the subscribers. */
  publish(message: M): void {
    this.#channel.publish(message);
  }

  /** Calls `listener` with every message until the returned function is called. */
  subscribe(listener: (message: M) => void): () => void {
    const forward = (message: unknown) => listener(message as M);
    subscribe(this.name, forward);
    return () => unsubscribe(this.name, forward);
  }
}

/**
 * Reports what the library does.
 *
 * @example
 * ```ts
 * import { diagnostics, Driver } from "@diaspora/stream";
 *
 * const stop = diagnostics.push.subscribe(({ topic, events }) => console.log(`${events} events into ${topic}`));
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 1 });
 * await using topic = await driver.openTopic("readings");
 * await using producer = topic.producer("app");
 * await producer.push({ energy: 42 }); // prints: 1 events into readings
 * stop();
 * ```
 */
export const diagnostics: {
  /** A batch was stored, or failed: `diaspora:push`. */
  readonly push: DiagnosticChannel<PushMessage>;
  /** A flush completed or failed: `diaspora:flush`. */
  readonly flush: DiagnosticChannel<FlushMessage>;
  /** A batch was read: `diaspora:pull`. */
  readonly pull: DiagnosticChannel<PullMessage>;
  /** A position was stored, or failed to be: `diaspora:acknowledge`. */
  readonly acknowledge: DiagnosticChannel<AcknowledgeMessage>;
  /** A group rebalance changed a member's partitions: `diaspora:assignment`. */
  readonly assignment: DiagnosticChannel<AssignmentMessage>;
  /** A new segment was started: `diaspora:roll`. */
  readonly roll: DiagnosticChannel<RollMessage>;
  /** Damage was found: `diaspora:corruption`. */
  readonly corruption: DiagnosticChannel<CorruptionMessage>;
  /** A broker returned a fetch response for a partition: `diaspora:fetch`. */
  readonly fetch: DiagnosticChannel<FetchMessage>;
  /** A failed operation will be retried: `diaspora:retry`. */
  readonly retry: DiagnosticChannel<RetryMessage>;
} = {
  push: new DiagnosticChannel("diaspora:push"),
  flush: new DiagnosticChannel("diaspora:flush"),
  pull: new DiagnosticChannel("diaspora:pull"),
  acknowledge: new DiagnosticChannel("diaspora:acknowledge"),
  assignment: new DiagnosticChannel("diaspora:assignment"),
  roll: new DiagnosticChannel("diaspora:roll"),
  corruption: new DiagnosticChannel("diaspora:corruption"),
  fetch: new DiagnosticChannel("diaspora:fetch"),
  retry: new DiagnosticChannel("diaspora:retry"),
};
