/**
 * Every operating error of the library. Each class has a stable `code`; `canRetry` says whether the same call may
 * succeed later without any change.
 *
 * @module
 */
import { DiasporaError, type DiasporaErrorOptions, keepNames } from "./errors/base.ts";
import { counted } from "./text/counted.ts";
import { literal, quoted } from "./text/quoted.ts";
import { messageOf } from "./text/message.ts";

export { DiasporaError, type DiasporaErrorOptions, type ErrorCode } from "./errors/base.ts";
export * from "./errors/foreign.ts";
export * from "./errors/groups.ts";
export * from "./errors/modules.ts";
export * from "./errors/stored.ts";

/** A topic of that name already exists, or something else that takes its place. */
export class TopicExistsError extends DiasporaError {
  /** Names the topic and where it was found; `obstacle` is the path of what is not a topic. */
  constructor(readonly topic: string, where: string, obstacle?: string) {
    const reason = obstacle === undefined
      ? `it already exists under "${where}"`
      : `"${obstacle}" is in its place and is not a topic; move it away, or choose another name`;
    super("ERR_TOPIC_EXISTS", `Cannot create topic "${topic}": ${reason}`);
  }
}

/** No topic of that name exists. */
export class TopicNotFoundError extends DiasporaError {
  /** Names the topic, where it was looked for, and the failed action (`"open"` by default). */
  constructor(readonly topic: string, readonly where: string, action = "open") {
    super("ERR_TOPIC_NOT_FOUND", `Cannot ${action} topic "${topic}": no such topic under "${where}"`);
  }
}

/** The topic was deleted while it was in use, or another copy of it was put in its place. */
export class TopicDeletedError extends DiasporaError {
  /** Names the topic, and what happened to it. */
  constructor(readonly topic: string, reason = "it was deleted") {
    super("ERR_TOPIC_DELETED", `Cannot use topic "${topic}": ${reason}`);
  }
}

/** A topic name that cannot be used as a folder name. */
export class InvalidTopicNameError extends DiasporaError {
  /** Says what is wrong with the name. */
  constructor(readonly topic: string, reason: string) {
    super("ERR_INVALID_TOPIC_NAME", `Cannot use ${quoted(topic)} as a topic name: ${reason}`);
  }
}

/** A consumer name that cannot be used. */
export class InvalidConsumerNameError extends DiasporaError {
  /** Says what is wrong with the name. */
  constructor(readonly consumer: string, reason: string) {
    super(
      "ERR_INVALID_CONSUMER_NAME",
      `Cannot use ${quoted(consumer)} as a consumer name: ${reason}`,
    );
  }
}

/** The consumer's name was deleted while it was open: its positions can no longer be stored. */
export class ConsumerDeletedError extends DiasporaError {
  /** Names the consumer. */
  constructor(readonly consumer: string) {
    super(
      "ERR_CONSUMER_DELETED",
      `Cannot store a position of consumer "${consumer}": it was deleted; open it again to begin anew`,
    );
  }
}

/** An option with a wrong type or value, or an unknown option. */
export class InvalidOptionError extends DiasporaError {
  /** Names the option and the remedy. */
  constructor(readonly option: string, message: string, options?: DiasporaErrorOptions) {
    super("ERR_INVALID_OPTION", message, options);
  }
}

/** Where metadata differs from what a validator expects. */
export interface MetadataMismatch {
  /** JSON pointer into the metadata; empty for the metadata as a whole. */
  path: string;
  /** What is expected there, e.g. `"a number at most 100"`. */
  expected: string;
  /** What is there, as JSON text (shortened), or `"nothing"`. */
  found: string;
}

/** What {@linkcode InvalidMetadataError} accepts besides the message. */
export interface InvalidMetadataErrorOptions extends DiasporaErrorOptions {
  /** Where the metadata differs, if the validator knows. */
  mismatch?: MetadataMismatch;
}

/** Metadata that JSON cannot represent, or that the topic's validator rejected. */
export class InvalidMetadataError extends DiasporaError {
  /** Where the metadata differs from what the validator expects, if it knows. */
  readonly mismatch?: MetadataMismatch | undefined;

  /** Says what is wrong, and where in the metadata. */
  constructor(message: string, options: InvalidMetadataErrorOptions = {}) {
    super("ERR_INVALID_METADATA", message, options);
    this.mismatch = options.mismatch;
  }
}

/** A data part that is not bytes, or that lost bytes between push and write. */
export class InvalidDataError extends DiasporaError {
  /** Says what was given and what is accepted. */
  constructor(message: string, options?: DiasporaErrorOptions) {
    super("ERR_INVALID_DATA", message, options);
  }
}

/** A view that exceeds its data part, or whose pieces overlap. */
export class DataRangeError extends DiasporaError {
  /** Names the offsets and sizes. */
  constructor(message: string) {
    super("ERR_DATA_RANGE", message);
  }
}

/** A data allocator returned buffers whose total size is not the selected size. */
export class AllocationError extends DiasporaError {
  /** Names both sizes, in bytes. */
  constructor(message: string) {
    super("ERR_ALLOCATION", message);
  }
}

/** A partition number the topic does not have. */
export class NoSuchPartitionError extends DiasporaError {
  /** Names the partition asked for and the count. */
  constructor(readonly partition: number, readonly numPartitions: number) {
    super(
      "ERR_NO_SUCH_PARTITION",
      `Cannot use partition ${literal(partition)}: the topic has ${numPartitions}, numbered from 0`,
    );
  }
}

/** An import or export found other content at its destination than the beginning of what it copies. */
export class ContentMismatchError extends DiasporaError {
  /** Names the position where they differ, and the remedy. */
  constructor(message: string) {
    super("ERR_CONTENT_MISMATCH", message);
  }
}

/**
 * Another import into the same topic, or export to the same place, is in progress: two of them would mix their
 * events.
 */
export class TransferInProgressError extends DiasporaError {
  /** Names the topic and the process that fills it. */
  constructor(readonly topic: string, pid: number, host: string) {
    super(
      "ERR_TRANSFER_IN_PROGRESS",
      `Cannot write topic "${topic}": process ${pid} on "${host}" is importing or exporting it; try again when it is done`,
    );
  }
}

/** Something is larger than the format or the driver supports. */
export class LimitExceededError extends DiasporaError {
  /** Names what is too large, its size and the limit. */
  constructor(message: string, options?: DiasporaErrorOptions) {
    super("ERR_LIMIT_EXCEEDED", message, options);
  }
}

/** More is pending than `maxPendingBytes` allows, and the push cannot wait. */
export class BackpressureError extends DiasporaError {
  /** Says what is pending. */
  constructor(message: string) {
    super("ERR_BACKPRESSURE", message, { canRetry: true });
  }
}

/** Some pushes before this `flush()` failed and their futures were never observed. */
export class FlushError extends DiasporaError {
  /** Says how many, and why the first one failed (also its `cause`). */
  constructor(readonly failures: number, first: unknown) {
    const why = messageOf(first);
    super(
      "ERR_FLUSH_FAILED",
      `Cannot flush: ${counted(failures, "push", "pushes")} failed, the first one: ${why}`,
      {
        cause: first,
      },
    );
  }
}

/** The driver, topic, producer or consumer was closed. */
export class ClosedError extends DiasporaError {
  /** Names what is closed. */
  constructor(what: string) {
    super("ERR_CLOSED", `Cannot use ${what}: it is closed`);
  }
}

/** What {@linkcode BrokerError} accepts besides the message. */
export interface BrokerErrorOptions extends DiasporaErrorOptions {
  /** The broker's name for the error. */
  reason?: string;
}

/** A broker, or a related service, cannot be reached, rejects us or fails. */
export class BrokerError extends DiasporaError {
  /** The broker's name for the error, e.g. `"NOT_ENOUGH_REPLICAS"`; undefined if it did not answer. */
  readonly reason?: string | undefined;

  /** Names the addresses, and for how long it was tried. */
  constructor(readonly brokers: string, message: string, options: BrokerErrorOptions = {}) {
    super("ERR_BROKER", message, options);
    this.reason = options.reason;
  }
}

/** The driver does not offer this. */
export class NotSupportedError extends DiasporaError {
  /** Names the driver and what was asked. */
  constructor(message: string) {
    super("ERR_NOT_SUPPORTED", message);
  }
}

keepNames({
  TopicExistsError,
  TopicNotFoundError,
  TopicDeletedError,
  InvalidTopicNameError,
  InvalidConsumerNameError,
  ConsumerDeletedError,
  InvalidOptionError,
  InvalidMetadataError,
  InvalidDataError,
  DataRangeError,
  AllocationError,
  NoSuchPartitionError,
  ContentMismatchError,
  TransferInProgressError,
  LimitExceededError,
  BackpressureError,
  FlushError,
  ClosedError,
  BrokerError,
  NotSupportedError,
});
