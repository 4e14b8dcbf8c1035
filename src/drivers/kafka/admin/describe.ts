import type { PartitionDescription, PartitionLag } from "../../../contract.ts";
import { BrokerError } from "../../../errors.ts";
import type { Cluster } from "../client/cluster.ts";
import type { Listing, Offsets } from "../offsets/offsets.ts";
import { ONE_BROKER_MS_MAX } from "../client/known_brokers.ts";

/**
 * The state of partitions; for one that is unavailable now, the last known offsets and its fault, unless all are
 * required: then it throws.
 */
export async function describePartitions(
  cluster: Cluster,
  offsets: Offsets,
  kafkaName: string,
  { partitions, endOf, areRequired = false }: {
    partitions: readonly number[];
    endOf(partition: number): number;
    areRequired?: boolean;
  },
): Promise<PartitionDescription[]> {
  const list: Offsets["listAll"] = (partitions, end) =>
    areRequired ? offsets.listAll(partitions, end) : offsets.listKnown(partitions, end);
  const [earliest, latest, oldest, newest, sizes] = await Promise.all([
    list(partitions, "earliest"),
    list(partitions, "latest"),
    list(partitions, "oldest"),
    list(partitions, "newest"),
    sizesOf(cluster, kafkaName, partitions),
  ]);
  const timeIn = ({ found }: Listing, partition: number): number | undefined => {
    const time = found.get(partition);
    return time === undefined || time.offset < 0 || time.timestamp < 0 ? undefined : time.timestamp;
  };
  return partitions.map((partition): PartitionDescription => {
    const first = earliest.found.get(partition);
    const next = latest.found.get(partition);
    const fault = [earliest, latest].map(({ faults }) => faults.get(partition)).find((one) =>
      one !== undefined
    );
    const bytes = sizes.get(partition) ?? 0;
    if (first === undefined || next === undefined || fault !== undefined) {
      const nextId = next?.offset ?? endOf(partition);
      const why = fault?.message ?? "no answer";
      return { partition, firstId: first?.offset ?? nextId, nextId, bytes, segments: 0, fault: why };
    }
    return {
      partition,
      firstId: first.offset,
      nextId: next.offset,
      bytes,
      segments: 0,
      oldestTime: timeIn(oldest, partition),
      newestTime: timeIn(newest, partition),
    };
  });
}

/** The consumer lag of a name; for a partition whose broker does not answer now, why it is unknown. */
export async function lagOf({ described, stored, timeOf, now }: {
  described: readonly PartitionDescription[];
  /** Stored positions by partition, or why they are unknown. */
  stored: ReadonlyMap<number, number> | BrokerError;
  /** Time of the first event at or after an offset, if there is one. */
  timeOf(partition: number, offset: number): Promise<number | undefined>;
  now: number;
}): Promise<PartitionLag[]> {
  return await Promise.all(described.map(async (description) => {
    const { partition, firstId, nextId } = description;
    const known = stored instanceof BrokerError ? undefined : stored.get(partition);
    const position = Math.max(firstId, known ?? firstId);
    const acknowledged = known !== undefined;
    const unknown = (fault: string): PartitionLag => (
      { partition, position, acknowledged, events: 0, bytes: 0, seconds: 0, fault }
    );
    if (description.fault !== undefined) return unknown(description.fault);
    if (stored instanceof BrokerError) return unknown(stored.message);
    const ids = Math.max(0, nextId - position);
    let time: number | undefined;
    try {
      time = ids === 0 ? undefined : await timeOf(partition, position);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      return unknown(error.message);
    }
    // Transaction markers use offsets, too; if only those are left, there is nothing to read.
    const events = time === undefined ? 0 : ids;
    return {
      partition,
      position,
      acknowledged,
      events,
      bytes: bytesOf(description, events),
      seconds: time === undefined ? 0 : Math.max(0, now - time) / 1000,
    };
  }));
}

/** Whether the brokers that know something may say it later. */
export function isUnavailable(error: unknown): error is BrokerError {
  return error instanceof BrokerError && error.canRetry;
}

/** The estimated size of some of a partition's events: Kafka only knows the total. */
export function bytesOf({ firstId, nextId, bytes }: PartitionDescription, events: number): number {
  return events === 0 || nextId === firstId ? 0 : Math.ceil(bytes * events / (nextId - firstId));
}

/** Bytes on disk of one replica; omits partitions whose size no broker reports. */
async function sizesOf(
  cluster: Cluster,
  kafkaName: string,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  const brokers = await cluster.run(
    "list brokers",
    async (admin) => [...(await admin.metadata({ topics: [], forceUpdate: true })).brokers.values()],
  );
  const parameters = [[{ name: kafkaName, partitions: [...partitions] }]];
  const answers = await Promise.allSettled(
    brokers.map((broker) =>
      cluster.within(
        ONE_BROKER_MS_MAX,
        cluster.requestAdmin<LogDirs>(broker, { name: "DescribeLogDirs", parameters }),
      )
    ),
  );
  const sizes = new Map<number, number>();
  for (const answer of answers) {
    // Only administrators may ask, and a broker may be unavailable: use the other responses.
    if (answer.status === "rejected") continue;
    for (const { partitionIndex, partitionSize } of partitionsIn(answer.value)) {
      // A replica that lags behind is smaller.
      sizes.set(partitionIndex, Math.max(sizes.get(partitionIndex) ?? 0, Number(partitionSize)));
    }
  }
  return sizes;
}

interface LogDirs {
  results: { topics: { partitions: { partitionIndex: number; partitionSize: bigint }[] }[] }[];
}

function partitionsIn({ results }: LogDirs): LogDirs["results"][number]["topics"][number]["partitions"] {
  return results.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions));
}
