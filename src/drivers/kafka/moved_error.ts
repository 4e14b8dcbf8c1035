import { BrokerError } from "../../errors.ts";

/** A position was not stored, because the partition has another owner by now. */
export class MovedError extends BrokerError {
  /** Says what was tried. */
  constructor(brokers: string, what: string) {
    super(
      brokers,
      `Cannot ${what}: the partition was given to another consumer of that name, which gets the event again`,
      { reason: "REBALANCED" },
    );
  }
}
