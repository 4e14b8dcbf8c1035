import type { PartitionDescription } from "./contract.ts";
import { BrokerError } from "./errors.ts";

/** Throws where one of the partitions cannot be asked about now: what is done with all must not leave it out. */
export function checkReachable(partitions: readonly PartitionDescription[]): void {
  const away = partitions.find(({ fault }) => fault !== undefined);
  if (away === undefined) return;
  throw new BrokerError("", away.fault!, { canRetry: true, reason: "LEADER_NOT_AVAILABLE" });
}
