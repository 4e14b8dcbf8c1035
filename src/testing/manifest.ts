import type { Driver } from "../driver.ts";

/**
 * What a driver supports beyond the minimum: creating, opening and listing topics, storing events and reading
 * them.
 */
export interface Supported {
  /** `deleteTopic`, and `TopicDeletedError` for handles that are still in use. */
  deletion: boolean;
  /** Topics still exist after the driver was closed and opened again. */
  reopening: boolean;
  /** Drivers that are open at the same time see the same topics and each other's events. */
  sharing: boolean;
  /** Data parts, and reading ranges of them. */
  data: boolean;
  /** Data parts given as streams. */
  streams: boolean;
  /** Metadata from serializers that return bytes. */
  binaryMetadata: boolean;
  /** Stored positions: acknowledgements, `lag`, `consumers`, `seekConsumer`, `deleteConsumer`. */
  positions: boolean;
  /** `seek` of an open consumer, and starting at `"latest"` or at an id. */
  seeking: boolean;
  /** Starting at a time. */
  times: boolean;
  /** Consumers of a subset of the partitions. */
  partitions: boolean;
  /** Consumers of one name that share the partitions: `group`, `members`. */
  groups: boolean;
  /** With groups, consumers of one name either all belong to the group or all read alone. */
  loneReaders: boolean;
  /**
   * With groups, a rebalance leaves partitions with their owners as far as an even distribution allows, and moves
   * one to a new member only when its delivered events are acknowledged.
   */
  calmHandover: boolean;
  /** `describe`. */
  description: boolean;
  /** `trim`, and `EventGoneError` for consumers that have not read the removed events. */
  trimming: boolean;
  /** `edit`. */
  editing: boolean;
}

/** Everything: the manifest of a complete driver. */
export const everything: Supported = {
  deletion: true,
  reopening: true,
  sharing: true,
  data: true,
  streams: true,
  binaryMetadata: true,
  positions: true,
  seeking: true,
  times: true,
  partitions: true,
  groups: true,
  loneReaders: true,
  calmHandover: true,
  description: true,
  trimming: true,
  editing: true,
};

/** An isolated place for topics; every test gets its own. */
export interface DriverPlace {
  /** Opens a driver there; called more than once where `reopening` or `sharing` is supported. */
  open(): Promise<Driver>;
  /** Removes the place; every driver has been closed before. */
  dispose?(): void | Promise<void>;
}

/** What the suite needs to know about a driver. */
export interface DriverManifest {
  /** Creates an empty place. */
  factory(): DriverPlace | Promise<DriverPlace>;
  /** What the driver supports; anything not mentioned is unsupported. */
  supports: Partial<Supported>;
  /** Options for every topic, besides `num_partitions`. */
  topicOptions?: Record<string, string | number | boolean>;
  /** How long events may take to arrive, in milliseconds. Default: 5000. */
  patienceMs?: number;
}

/**
 * Registers a test: `Deno.test`, `test` of `node:test` or of `bun:test`, or any function called in the same way.
 */
export type RegisterTest = (name: string, body: () => Promise<void>) => unknown;
