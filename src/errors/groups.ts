import { DiasporaError, keepNames } from "./base.ts";

/**
 * An event was not acknowledged because its partition was assigned to another consumer of that name, or was
 * reassigned to this one after the event was delivered. The event is delivered again, unless the partition moved
 * at the very moment the acknowledgement was written: then it may have counted, so do not undo the work.
 */
export class PartitionMovedError extends DiasporaError {
  /** Names the consumer, the partition and the failed action. */
  constructor(readonly consumer: string, readonly partition: number, action = "acknowledge an event of") {
    super(
      "ERR_PARTITION_MOVED",
      `Cannot ${action} partition ${partition} as "${consumer}": the partition was given to another consumer of that ` +
        "name, which gets what is not acknowledged",
    );
  }
}

/**
 * Consumers of one name either share the partitions as a group or each read all of them: both modes cannot be
 * mixed.
 */
export class ConsumerInUseError extends DiasporaError {
  /** Names the consumer, and the mode of those that are open. */
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
