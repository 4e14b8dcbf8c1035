import { NoSuchPartitionError } from "./errors.ts";

/** What a list by partition has of one of them; throws `NoSuchPartitionError` where it has nothing. */
export function ofPartition<T>(list: readonly T[], partition: number): T {
  const found = list[partition];
  if (found === undefined) throw new NoSuchPartitionError(partition, list.length);
  return found;
}
