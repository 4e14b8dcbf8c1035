import { NoSuchPartitionError } from "./errors.ts";

/** The element of a per-partition list; throws `NoSuchPartitionError` if there is none. */
export function ofPartition<T>(list: readonly T[], partition: number): T {
  const found = list[partition];
  if (found === undefined) throw new NoSuchPartitionError(partition, list.length);
  return found;
}
