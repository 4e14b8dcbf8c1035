import { BrokerError } from "../../errors.ts";
import type { PartitionDescription, PartitionLag } from "../../contract.ts";
import type { Cluster } from "./cluster.ts";
import type { Offsets } from "./offsets.ts";

/** The state of partitions. */
export async function describePartitions(
  cluster: Cluster,
  offsets: Offsets,
  kafkaName: string,
  partitions: readonly number[],
): Promise<PartitionDescription[]> {
  const [earliest, latest, oldest, newest, sizes] = await Promise.all([
    offsets.earliest(partitions),
    offsets.latest(partitions),
    offsets.since(partitions, 0),
    offsets.newest(partitions),
    sizesOf(cluster, kafkaName, partitions),
  ]);
  const timeIn = (times: typeof oldest, partition: number): number | undefined => {
    const time = times.get(partition);
    return time === undefined || time.offset < 0 || time.timestamp < 0 ? undefined : time.timestamp;
  };
  return partitions.map((partition) => ({
    partition,
    firstId: earliest.get(partition)!,
    nextId: latest.get(partition)!,
    bytes: sizes.get(partition) ?? 0,
    segments: 0,
    oldestTime: timeIn(oldest, partition),
    newestTime: timeIn(newest, partition),
  }));
}

/** How far a name is behind. */
export async function lagOf({ described, stored, timeOf, now }: {
  described: readonly PartitionDescription[];
  /** Stored positions by partition. */
  stored: ReadonlyMap<number, number>;
  /** Time of the first event from an offset on, if there is one. */
  timeOf(partition: number, offset: number): Promise<number | undefined>;
  now: number;
}): Promise<PartitionLag[]> {
  return await Promise.all(described.map(async (description) => {
    const { partition, firstId, nextId } = description;
    const position = Math.max(firstId, stored.get(partition) ?? firstId);
    const ids = Math.max(0, nextId - position);
    const time = ids === 0 ? undefined : await timeOf(partition, position);
    // Marks of transactions take ids, too; where nothing else is left, nothing is to be read.
    const events = time === undefined ? 0 : ids;
    return {
      partition,
      position,
      acknowledged: stored.has(partition),
      events,
      bytes: bytesOf(description, events),
      seconds: time === undefined ? 0 : Math.max(0, now - time) / 1000,
    };
  }));
}

/** What some of a partition's events take, if all are alike: Kafka knows only the whole. */
export function bytesOf({ firstId, nextId, bytes }: PartitionDescription, events: number): number {
  return events === 0 || nextId === firstId ? 0 : Math.ceil(bytes * events / (nextId - firstId));
}

/** Bytes on the disk of one replica. */
async function sizesOf(
  cluster: Cluster,
  kafkaName: string,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  try {
    const brokers = await cluster.run(
      `read the sizes of topic "${kafkaName}"`,
      (admin) => admin.describeLogDirs({ topics: [{ name: kafkaName, partitions: [...partitions] }] }),
    );
    const sizes = new Map<number, number>();
    for (const { results } of brokers) {
      for (const { topics } of results) {
        for (const { partitionIndex, partitionSize } of topics.flatMap((topic) => topic.partitions)) {
          // A replica that lags has less.
          sizes.set(partitionIndex, Math.max(sizes.get(partitionIndex) ?? 0, Number(partitionSize)));
        }
      }
    }
    return sizes;
  } catch (error) {
    // Only administrators may ask.
    if (error instanceof BrokerError && error.reason?.endsWith("AUTHORIZATION_FAILED")) return new Map();
    throw error;
  }
}
