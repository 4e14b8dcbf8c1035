import type { TopicInfo } from "../../../mod.ts";
import { ConsumerRegistry } from "../../drivers/files/consumer_registry.ts";
import { consumerFolder, partitionName } from "../../drivers/files/layout.ts";
import type { Finding } from "../../log/finding.ts";
import { Partition } from "../../log/partition.ts";
import { verifyPartition } from "../../log/verify.ts";
import type { PaceOptions } from "../../log/verify_pace.ts";
import { verifyPosition } from "../../log/verify_position.ts";
import { nodeStorage } from "../../storage/node.ts";
import { UsageError } from "../usage_error.ts";

/** The files of one topic, looked at from outside the driver. */
export class TopicFiles {
  readonly name: string;
  /** Folder of the topic. */
  readonly path: string;
  readonly partitions: readonly Partition[];

  constructor(info: TopicInfo) {
    if (info.path === undefined) throw new UsageError(`Topic "${info.name}" is not kept in files of its own`);
    if (info.layout !== undefined) {
      throw new UsageError(
        `Topic "${info.name}" was written by the C++ files driver, which keeps no checksums`,
      );
    }
    const { path } = info;
    this.name = info.name;
    this.path = path;
    this.partitions = Array.from({ length: info.numPartitions }, (_, partition) =>
      new Partition({
        storage: nodeStorage,
        directory: `${path}/partitions/${partitionName(partition)}`,
        topic: info.name,
        partition,
      }));
  }

  /** Everything that is wrong, partition by partition, then the positions of consumers. */
  async *verify(options: PaceOptions): AsyncGenerator<Finding, void, void> {
    for (const partition of this.partitions) yield* verifyPartition(partition, options);
    for (const { partition, path } of this.positions()) {
      options.signal?.throwIfAborted();
      yield* verifyPosition(nodeStorage, path, partition);
    }
  }

  /** Every stored position. */
  *positions(): Generator<{ consumer: string; partition: number; path: string }, void, void> {
    const folder = `${this.path}/consumers`;
    for (const consumer of new ConsumerRegistry(nodeStorage, folder).names()) {
      for (const { partition } of this.partitions) {
        const path = `${folder}/${consumerFolder(consumer)}/${partitionName(partition)}.pos`;
        yield { consumer, partition, path };
      }
    }
  }
}
