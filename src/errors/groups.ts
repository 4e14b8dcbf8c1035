import { DiasporaError, keepNames } from "./base.ts";

/**
 * An event was not acknowledged, because its partition was given to another consumer of that name, or came back to this
 * one after it was delivered. The event is delivered again, unless the partition moved at the very moment in which the
 * acknowledgement was written: then it may have counted, so the work should not be undone.
 */
export class PartitionMovedError extends DiasporaError {
  /** Names the consumer and the partition, and what was to be done with it. */
  constructor(readonly consumer: string, readonly partition: number, action = "acknowledge an event of") {
    super(
      "ERR_PARTITION_MOVED",
      `Cannot ${action} partition ${partition} as "${consumer}": the partition was given to another consumer of that ` +
        "name, which gets what is not acknowledged",
    );
  }
}

/** Consumers of one name share the partitions as a group, or each read all of them: not some so and some so. */
export class ConsumerInUseError extends DiasporaError {
  /** Names the consumer, and says how those that are open read. */
  constructor(
    readonly consumer: string,
    readonly topic: string,
    open: "group" | "alone",
    options: ErrorOptions = {},
  ) {
    super(
      "ERR_CONSUMER_IN_USE",
      `Cannot use consumer "${consumer}" of topic "${topic}": ${
        open === "group"
          ? "consumers of that name share its partitions as a group; open it with the option group, or choose another name"
          : "a consumer of that name is open that reads all partitions; close it first, or open all of them with the option group"
      }`,
      { ...options, canRetry: true },
    );
  }
}

keepNames({ PartitionMovedError, ConsumerInUseError });
