import { type Partition, PartitionWriter, type WriterOptions } from "../../log/mod.ts";
import type { OutgoingBatch, ProducerInterface } from "../../contract.ts";
import { TopicDeletedError } from "../../errors.ts";
import { ofPartition } from "../../contract/partitions.ts";

/** Appends batches to the partitions of a topic; files are opened on the first write. */
export class FilesProducer implements ProducerInterface {
  readonly #writers: (PartitionWriter | undefined)[] = [];

  constructor(
    private readonly partitions: readonly Partition[],
    private readonly options: (partition: number) => WriterOptions,
  ) {}

  append(partition: number, batch: OutgoingBatch): number | Promise<number> {
    return this.#writer(partition).append(batch);
  }

  appendSync(partition: number, batch: OutgoingBatch): number | undefined {
    return this.#writer(partition).appendSync(batch);
  }

  async flush(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer?.flush()));
  }

  async close(): Promise<void> {
    const results = await Promise.allSettled(this.#writers.map((writer) => writer?.close()));
    this.#writers.length = 0;
    for (const result of results) {
      // What is not on the disk was deleted with its topic.
      if (result.status === "rejected" && !(result.reason instanceof TopicDeletedError)) throw result.reason;
    }
  }

  #writer(partition: number): PartitionWriter {
    return this.#writers[partition] ??= new PartitionWriter(
      ofPartition(this.partitions, partition),
      this.options(partition),
    );
  }
}
