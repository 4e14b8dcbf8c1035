import { attempt } from "../../async.ts";
import type { JsonObject } from "../../json.ts";
import { ofPartition } from "../../contract/partitions.ts";
import type {
  ConsumerInterface,
  ConsumerRequest,
  GroupMember,
  PartitionDescription,
  PartitionInfo,
  PartitionLag,
  ProducerInterface,
  StartPosition,
  TopicDefinition,
  TopicInterface,
  TrimRequest,
  TrimResult,
} from "../../contract.ts";
import { MemoryConsumer } from "./consumer.ts";
import { checkChanges } from "./memory_options.ts";
import { MemoryProducer } from "./producer.ts";
import type { MemoryTopicStore } from "./store.ts";

/** An opened topic of the memory driver. */
export class MemoryTopic implements TopicInterface {
  readonly partitions: readonly PartitionInfo[];

  constructor(private readonly store: MemoryTopicStore) {
    this.partitions = store.partitions.map(({ number }) => ({ partition_id: number }));
  }

  get name(): string {
    return this.store.name;
  }

  get definition(): TopicDefinition {
    return this.store.definition;
  }

  producer(_name: string): ProducerInterface {
    return new MemoryProducer(this.store);
  }

  consumer(name: string, request: ConsumerRequest): ConsumerInterface {
    return new MemoryConsumer(this.store, name, request);
  }

  describe(): Promise<PartitionDescription[]> {
    return attempt(() => {
      this.store.checkExists();
      return this.store.partitions.map((partition) => partition.describe());
    });
  }

  lag(consumerName: string): Promise<PartitionLag[]> {
    return attempt(() => {
      this.store.checkExists();
      return this.partitions.map((_, partition) => this.#lagIn(partition, consumerName));
    });
  }

  consumers(): Promise<string[]> {
    return attempt(() => {
      this.store.checkExists();
      return this.store.consumers;
    });
  }

  members(consumerName: string): Promise<GroupMember[]> {
    return attempt(() => {
      this.store.checkExists();
      return this.store.groupOf(consumerName).members;
    });
  }

  seekConsumer(consumerName: string, to: StartPosition, partitions?: number[]): Promise<void> {
    return attempt(() => {
      for (const { number } of this.#chosen(partitions)) {
        this.store.setPosition(consumerName, number, ofPartition(this.store.partitions, number).resolve(to));
      }
    });
  }

  deleteConsumer(consumerName: string): Promise<void> {
    return attempt(() => {
      this.store.checkExists();
      this.store.forget(consumerName);
    });
  }

  trim(request: TrimRequest): Promise<TrimResult[]> {
    return attempt(() => {
      this.store.checkExists();
      return this.#chosen(request.partitions).map((partition) => {
        const firstIdBefore = partition.firstId;
        const acknowledgedId = request.acknowledged === true
          ? this.store.acknowledgedId(partition.number)
          : 0;
        const { firstId, bytes } = partition.trim(request, acknowledgedId);
        return { partition: partition.number, firstIdBefore, firstId, bytes };
      });
    });
  }

  edit(options: JsonObject): Promise<void> {
    return attempt(() => {
      this.store.checkExists();
      const { definition } = this.store;
      this.store.definition = { ...definition, options: { ...definition.options, ...checkChanges(options) } };
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #lagIn(partition: number, consumerName: string): PartitionLag {
    const log = ofPartition(this.store.partitions, partition);
    const stored = this.store.positionOf(consumerName, partition);
    const position = Math.max(stored ?? 0, log.firstId);
    const oldest = log.find(position);
    return {
      partition,
      position,
      acknowledged: stored !== undefined,
      events: log.nextId - position,
      bytes: log.bytesFrom(position),
      seconds: oldest === undefined ? 0 : Math.max(0, Date.now() - oldest.timestamp) / 1000,
    };
  }

  #chosen(partitions: readonly number[] | undefined): MemoryTopicStore["partitions"] {
    return partitions === undefined
      ? this.store.partitions
      : partitions.map((partition) => ofPartition(this.store.partitions, partition));
  }
}
