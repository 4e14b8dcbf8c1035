import { type Partition, PartitionWriter, type WriterOptions } from "../../log/mod.ts";
import type { OutgoingBatch, ProducerInterface } from "../../contract.ts";
import { TopicDeletedError } from "../../errors.ts";
import { failuresOf } from "../../async.ts";
import { ofPartition } from "../../contract/partitions.ts";

/** So many partitions are synced at once: each takes descriptors, of which a process may have few. */
const SYNCS_MAX = 4;

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
    for (const failure of await this.#forWriters((writer) => writer.flush())) throw failure;
  }

  async close(): Promise<void> {
    const failures = await this.#forWriters((writer) => writer.close());
    this.#writers.length = 0;
    for (const failure of failures) {
      // What is not on the disk was deleted with its topic.
      if (!(failure instanceof TopicDeletedError)) throw failure;
    }
  }

  #forWriters(work: (writer: PartitionWriter) => Promise<void>): Promise<unknown[]> {
    return failuresOf(this.#writers.filter((writer) => writer !== undefined), SYNCS_MAX, work);
  }

  #writer(partition: number): PartitionWriter {
    return this.#writers[partition] ??= new PartitionWriter(
      ofPartition(this.partitions, partition),
      this.options(partition),
    );
  }
}
