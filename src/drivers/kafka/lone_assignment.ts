import { ManualAssignment, type Reassignment } from "./assignment.ts";
import type { EpochBefore } from "./commit.ts";
import type { ConsumerTopic } from "./consumer_topic.ts";
import { findTopic } from "./metadata.ts";
import { PartitionWatch } from "./partition_watch.ts";

/** Reads all partitions without a group, also those that are added meanwhile. */
export class LoneAssignment extends ManualAssignment {
  readonly #all: ConsumerTopic["partitions"];
  readonly #watch: PartitionWatch;

  constructor(
    name: string,
    topic: ConsumerTopic,
    epochBefore: EpochBefore,
    onReassigned: (change: Reassignment) => void,
  ) {
    super(name, topic, topic.partitions.numbers, epochBefore);
    const { cluster, kafkaName, id, partitions } = topic;
    this.#all = partitions;
    this.#watch = new PartitionWatch({
      count: 0,
      ageMsMax: cluster.settings.client.metadataMaxAge,
      look: async () => {
        const found = await findTopic(cluster, kafkaName);
        // Another one of that name is not read.
        return found?.id === id ? found.numPartitions : 0;
      },
      onMore: (count) => {
        partitions.see(count);
        const kept = this.assigned;
        const gained = partitions.numbers.slice(kept.length);
        if (gained.length === 0) return;
        this.assigned = partitions.numbers;
        onReassigned({ kept, gained, lost: [] });
      },
    });
  }

  override async open(): Promise<void> {
    await super.open();
    this.assigned = this.#all.numbers;
    this.#watch.start();
  }

  override close(): Promise<void> {
    this.#watch.close();
    return super.close();
  }
}
