import { BrokerError, NoSuchPartitionError } from "../errors.ts";

/** The element of a per-partition list; throws `NoSuchPartitionError` if there is none. */
export function ofPartition<T>(list: readonly T[], partition: number): T {
  const found = list[partition];
  if (found === undefined) throw new NoSuchPartitionError(partition, list.length);
  return found;
}

/** Throws if a partition cannot be queried now: an operation on all partitions must not leave one out. */
export function checkReachable(partitions: readonly { fault?: string }[]): void {
  const away = partitions.find(({ fault }) => fault !== undefined);
  if (away === undefined) return;
  throw new BrokerError("", away.fault!, { canRetry: true, reason: "LEADER_NOT_AVAILABLE" });
}
