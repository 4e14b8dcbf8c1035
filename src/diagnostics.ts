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
  /** Size of metadata and data; JSON text counts a byte a character. */
  bytes: number;
  /** Id of the first event; undefined if the batch failed. */
  firstId?: number;
  /** Time from handing the batch to the engine until it was stored, in milliseconds. */
  durationMs: number;
  /** Why it failed. */
  error?: unknown;
}

/** A `flush()` is done, or failed. */
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

/** A position was stored, or not. */
export interface AcknowledgeMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** Partition number. */
  partition: number;
  /** Id of the event at which the name continues. */
  nextId: number;
  /** How long storing it took, in milliseconds. */
  durationMs: number;
  /** Why it failed. */
  error?: unknown;
}

/** The partitions of a consumer that shares them with others of its name have changed. */
export interface AssignmentMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** The partitions that it reads from now on, in order. */
  partitions: readonly number[];
  /** Those of them that it did not read before. */
  gained: readonly number[];
  /** Those that it read before, and reads no more. */
  lost: readonly number[];
}

/** A partition goes on in a new segment file. */
export interface RollMessage {
  /** Topic name. */
  topic: string;
  /** Partition number. */
  partition: number;
}

/** A reader met damage. */
export interface CorruptionMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** Where and what is damaged. */
  damage: Damage;
  /** Whether it was passed over (`onCorruption: "skip"`) rather than thrown. */
  skipped: boolean;
}

/** A broker's answer to a question about a partition. Of engines that fetch. */
export interface FetchMessage {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** Partition number. */
  partition: number;
  /** Bytes of events that came, on the wire. */
  bytes: number;
  /** Ids between what was fetched and the partition's end: what the broker has and this process has not. */
  behind: number;
}

/** Something failed that is tried again. Of engines that ask others over a network. */
export interface RetryMessage {
  /** What is tried, as errors say it: `store events in topic "images" partition 1`. */
  operation: string;
  /** Topic name, where it is about one. */
  topic?: string;
  /** Partition number, where it is about one. */
  partition?: number;
  /** How often it was tried. */
  attempt: number;
  /** Wait before the next time, in milliseconds. */
  delayMs: number;
  /** What failed. */
  error: unknown;
}

/** A channel of `node:diagnostics_channel` with messages of one kind. It costs nothing while no one listens. */
export class DiagnosticChannel<M> {
  readonly #channel: ReturnType<typeof channel>;

  /** The channel of that name. */
  constructor(
    /** Its name for `node:diagnostics_channel`. */
    readonly name: string,
  ) {
    this.#channel = channel(name);
  }

  /** Whether anybody listens: if not, a message need not be made. */
  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers;
  }

  /** Gives a message to those who listen. */
  publish(message: M): void {
    this.#channel.publish(message);
  }

  /** Calls `listener` with every message until the function given back is called. */
  subscribe(listener: (message: M) => void): () => void {
    const forward = (message: unknown) => listener(message as M);
    subscribe(this.name, forward);
    return () => unsubscribe(this.name, forward);
  }
}

/**
 * What goes on in the library, for those who watch it.
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
  /** A flush is done, or failed: `diaspora:flush`. */
  readonly flush: DiagnosticChannel<FlushMessage>;
  /** A batch was read: `diaspora:pull`. */
  readonly pull: DiagnosticChannel<PullMessage>;
  /** A position was stored, or not: `diaspora:acknowledge`. */
  readonly acknowledge: DiagnosticChannel<AcknowledgeMessage>;
  /** The partitions of a member of a group have changed: `diaspora:assignment`. */
  readonly assignment: DiagnosticChannel<AssignmentMessage>;
  /** A new segment was begun: `diaspora:roll`. */
  readonly roll: DiagnosticChannel<RollMessage>;
  /** Damage was met: `diaspora:corruption`. */
  readonly corruption: DiagnosticChannel<CorruptionMessage>;
  /** A broker answered about a partition: `diaspora:fetch`. */
  readonly fetch: DiagnosticChannel<FetchMessage>;
  /** Something is tried again: `diaspora:retry`. */
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
