import type { PartitionDescription } from "./contract.ts";
import { BrokerError } from "./errors.ts";

/** Throws if a partition cannot be queried now: an operation on all partitions must not leave one out. */
export function checkReachable(partitions: readonly PartitionDescription[]): void {
  const away = partitions.find(({ fault }) => fault !== undefined);
  if (away === undefined) return;
  throw new BrokerError("", away.fault!, { canRetry: true, reason: "LEADER_NOT_AVAILABLE" });
}
