import { NOT_TRIED, type Partition, PartitionWriter, type WriterOptions } from "../../log/mod.ts";
import type { OutgoingBatch, ProducerInterface } from "../../contract.ts";
import { StorageError, TopicDeletedError } from "../../errors.ts";
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
    const writers = this.#writers.filter((writer) => writer !== undefined);
    const results = await Promise.allSettled(writers.map((writer) => writer.flush()));
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") continue;
      const { reason } = result;
      if (!(reason instanceof StorageError && NOT_TRIED.has(reason.errno))) throw reason;
      // A sync of new names takes a descriptor, of which there may be too few for all at once.
      await writers[index]!.flush();
    }
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
