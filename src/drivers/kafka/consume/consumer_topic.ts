import { CorruptedLogError } from "../../../errors.ts";
import type { Cluster } from "../client/cluster.ts";
import type { HighWatermarks, KnownPartitions } from "../offsets/known_partitions.ts";
import type { Offsets } from "../offsets/offsets.ts";
import { PartitionQueue } from "../fetch/partition_queue.ts";
import type { RecordFormat } from "../format/record.ts";

/** What a consumer needs from its topic. */
export interface ConsumerTopic {
  cluster: Cluster;
  name: string;
  kafkaName: string;
  id: string;
  numPartitions: number;
  /** As many as were last seen. */
  partitions: KnownPartitions;
  format: RecordFormat;
  offsets: Offsets;
  highWatermarks: HighWatermarks;
}

/**
 * An empty queue of one partition, to be read from a position, if it is known; `epoch` is that of the leader that
 * stored the event before it, or -1.
 */
export function queueOf(
  { cluster, name, kafkaName, format }: ConsumerTopic,
  partition: number,
  { position, epoch }: { position: number | undefined; epoch: number },
): PartitionQueue {
  const queue = new PartitionQueue({
    partition,
    position: position ?? 0,
    format,
    damageOf: (damage) => {
      const file = `${cluster.servers}/${kafkaName}/${partition}/${damage.firstId}`;
      return new CorruptedLogError({ topic: name, partition, file, ...damage });
    },
    what: `read topic "${name}" partition ${partition}`,
  });
  queue.hasPosition = position !== undefined;
  if (position !== undefined) queue.epochs.add(epoch, position - 1, position);
  return queue;
}
