import type { Driver } from "../driver.ts";

/** What a driver can do beside the minimum: create, open and list topics, store events and give them back. */
export interface Supported {
  /** `deleteTopic`, and `TopicDeletedError` for those who still use it. */
  deletion: boolean;
  /** Topics are still there when the driver was closed and is opened again. */
  reopening: boolean;
  /** Drivers that are open at the same time see the same topics and each other's events. */
  sharing: boolean;
  /** Data parts, and reading ranges of them. */
  data: boolean;
  /** Data parts given as streams. */
  streams: boolean;
  /** Metadata written by serializers that give bytes. */
  binaryMetadata: boolean;
  /** Stored positions: acknowledgements, `lag`, `consumers`, `seekConsumer`, `deleteConsumer`. */
  positions: boolean;
  /** `seek` of an open consumer, and beginning at `"latest"` or at an id. */
  seeking: boolean;
  /** Beginning at a time. */
  times: boolean;
  /** Consumers of some partitions only. */
  partitions: boolean;
  /** Consumers of one name that share the partitions: `group`, `members`. */
  groups: boolean;
  /** With groups, a name whose consumers read alone is refused to a group, and the other way round. */
  loneReaders: boolean;
  /**
   * With groups, partitions stay with their owners as far as an even distribution lets them, and go to a member that
   * joins when what was delivered of them is acknowledged.
   */
  calmHandover: boolean;
  /** `describe`. */
  description: boolean;
  /** `trim`, and `EventGoneError` for those who were not done. */
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

/** One place for topics, which no one else uses; every test gets its own. */
export interface DriverPlace {
  /** Opens a driver there; called more than once where `reopening` or `sharing` is supported. */
  open(): Promise<Driver>;
  /** Removes the place; every driver was closed before. */
  dispose?(): void | Promise<void>;
}

/** What the suite has to know of a driver. */
export interface DriverManifest {
  /** Makes an empty place. */
  factory(): DriverPlace | Promise<DriverPlace>;
  /** What the driver can do; whatever is not named it cannot. */
  supports: Partial<Supported>;
  /** Options that every topic is created with beside `num_partitions`. */
  topicOptions?: Record<string, string | number | boolean>;
  /** How long events may take to arrive, in milliseconds. Default: 5000. */
  patienceMs?: number;
}

/** Registers a test: `Deno.test`, `test` of `node:test` or of `bun:test`, and whatever is called in the same way. */
export type RegisterTest = (name: string, body: () => Promise<void>) => unknown;
