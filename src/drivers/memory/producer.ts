import type { OutgoingBatch, ProducerInterface } from "../../contract.ts";
import { ofPartition } from "../../contract/partitions.ts";
import { DATA_BYTES_MAX, joined, tooLarge } from "./data_part.ts";
import type { MemoryTopicStore } from "./store.ts";

/** Appends to a topic in memory. */
export class MemoryProducer implements ProducerInterface {
  /** By partition: the last append that had to wait for a stream. */
  readonly #streaming = new Map<number, Promise<unknown>>();

  constructor(private readonly store: MemoryTopicStore) {}

  append(partition: number, batch: OutgoingBatch): number | Promise<number> {
    const before = this.#streaming.get(partition);
    if (batch.stream === undefined && before === undefined) return this.#store(partition, batch);
    const stored = this.#appendLater(partition, batch, before);
    const settled = stored.then(() => {}, () => {}).then(() => {
      if (this.#streaming.get(partition) === settled) this.#streaming.delete(partition);
    });
    this.#streaming.set(partition, settled);
    return stored;
  }

  appendSync(partition: number, batch: OutgoingBatch): number | undefined {
    return this.#streaming.has(partition) ? undefined : this.#store(partition, batch);
  }

  async flush(): Promise<void> {
    await Promise.all(this.#streaming.values());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #appendLater(partition: number, batch: OutgoingBatch, before?: Promise<unknown>): Promise<number> {
    // Read at once, so that a slow stream is not delayed further by the one before it.
    const streamed = batch.stream === undefined ? undefined : collect(batch.stream);
    streamed?.catch(() => {});
    await before;
    batch.dropChangedData?.();
    if (batch.count === 0) return 0;
    return this.#store(partition, batch, await streamed);
  }

  #store(partition: number, batch: OutgoingBatch, streamed?: Uint8Array): number {
    this.store.checkExists();
    const baseId = ofPartition(this.store.partitions, partition).append(batch, streamed);
    this.store.announce();
    return baseId;
  }
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.byteLength;
    if (size > DATA_BYTES_MAX) throw tooLarge(size);
    pieces.push(piece.slice());
  }
  return joined(pieces, size);
}
