import { Buffer } from "node:buffer";
import { BrokerError, ClosedError, LimitExceededError } from "../../../errors.ts";
import type { OutgoingBatch, ProducerInterface } from "../../../contract.ts";
import type { ClientProducer } from "../client.ts";
import type { Cluster } from "../client/cluster.ts";
import { configsOfTopics } from "../client/configs.ts";
import { isTooLarge } from "../client/failure.ts";
import type { HighWatermarks } from "../offsets/known_partitions.ts";
import { PartitionSender, Shipment } from "./partition_sender.ts";
import { PartitionDelivery, type ProducerId, producerId } from "./partition_delivery.ts";
import {
  BATCH_HEAD_BYTES,
  batchBytes,
  BatchMemory,
  countOf,
  RecordBatch,
  type RecordRange,
} from "../format/record_batch.ts";
import { EVENT_OVERHEAD_BYTES, EventRecords, type RecordFormat } from "../format/record.ts";
import { counted } from "../../../text/counted.ts";

/** The maximum of any broker. */
const MESSAGE_BYTES_MAX = 1_000_000_000;

/** What a producer needs from its topic. */
interface ProducerTopic {
  cluster: Cluster;
  name: string;
  kafkaName: string;
  id: string;
  format: RecordFormat;
  highWatermarks: HighWatermarks;
  /** Maximum batch size of the topic; undefined if we may not read it. */
  batchBytesMax: number | undefined;
}

/**
 * Appends to a topic; one batch per partition is in flight at a time, so that failures do not change the order.
 */
export class KafkaProducer implements ProducerInterface {
  /** Partitions without a leader. */
  readonly unavailable: Set<number> = new Set();
  onUnavailable?: () => void;
  readonly batchLimit: { bytesMax: number; bytesPerEvent: number };
  readonly #topic: ProducerTopic;
  /** Maximum size of one event, as transmitted. */
  #eventLimit: { bytesMax: number; setting: string };
  #readingLimit: Promise<void> | undefined;
  readonly #senders = new Map<number, PartitionSender<RecordBatch>>();
  readonly #memory = new BatchMemory();
  #client: ClientProducer | undefined;
  #id: Promise<ProducerId> | undefined;
  #closed = false;

  constructor(topic: ProducerTopic) {
    const { batchBytesMax } = topic.cluster.settings.producer;
    this.#topic = topic;
    const batchMax = topic.batchBytesMax ?? Infinity;
    this.#eventLimit = this.#eventLimitOf(batchMax);
    this.batchLimit = {
      bytesMax: Math.min(batchBytesMax, batchMax, this.#eventLimit.bytesMax) - BATCH_HEAD_BYTES,
      bytesPerEvent: EVENT_OVERHEAD_BYTES,
    };
  }

  append(partition: number, batch: OutgoingBatch): Promise<number> {
    if (this.#closed) return Promise.reject(new ClosedError("the producer"));
    return this.#sender(partition).enqueue(
      this.#load(batch, partition),
      batch.settleParts?.bind(batch),
      batch.sinceMs,
    );
  }

  async flush(): Promise<void> {
    await Promise.all(Array.from(this.#senders.values(), (sender) => sender.idle()));
  }

  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    await this.#client?.close(true);
  }

  /** Encoding can wait, since the buffers belong to the caller again only once the batch is stored. */
  #load(batch: OutgoingBatch, partition: number): Shipment | Promise<Shipment> {
    if (batch.stream !== undefined) {
      return this.#collect(batch.stream, partition).then((streamed) =>
        this.#ship(batch, partition, streamed)
      );
    }
    try {
      return this.#ship(batch, partition);
    } catch (error) {
      if (!(error instanceof LimitExceededError)) return Promise.reject(error);
      return this.#readLimit().then(() => this.#ship(batch, partition));
    }
  }

  #eventLimitOf(batchMax: number): { bytesMax: number; setting: string } {
    const { messageBytesMax = Infinity, compression } = this.#topic.cluster.settings.producer;
    // The compressed size of an event is only known afterwards, and then the broker rejects one that is too large.
    const topicMax = compression === "none" ? batchMax : Infinity;
    return messageBytesMax < topicMax
      ? { bytesMax: messageBytesMax, setting: '"message.max.bytes" of the driver' }
      : { bytesMax: topicMax, setting: '"max.message.bytes" of the topic' };
  }

  /** The topic's limit may have been raised since the topic was opened. */
  #readLimit(): Promise<void> {
    const { cluster, kafkaName } = this.#topic;
    return this.#readingLimit ??= configsOfTopics(cluster, [kafkaName]).then((found) => {
      const batchMax = found.get(kafkaName)?.batchBytesMax;
      if (batchMax !== undefined) this.#eventLimit = this.#eventLimitOf(batchMax);
    }, () => {
      // Then the limit that is known counts.
    }).finally(() => this.#readingLimit = undefined);
  }

  /** Checks sizes before encoding: no memory is allocated for an event that the topic would reject. */
  #ship(batch: OutgoingBatch, partition: number, streamed?: Uint8Array): Shipment {
    const { format } = this.#topic;
    const { count } = batch;
    const records = new EventRecords(batch, format, streamed);
    const bytes = batchBytes([{ records, first: 0, count }]);
    if (count === 1 && bytes > this.#eventLimit.bytesMax) throw this.#tooLarge(partition, bytes);
    return new Shipment(count, bytes, () => {
      // Its data may have changed while other batches were stored.
      batch.dropChangedData?.();
      return batch.count === count ? records : new EventRecords(batch, format, streamed);
    });
  }

  async #collect(stream: AsyncIterable<Uint8Array>, partition: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    const isTooLarge = () => size > Math.min(this.#eventLimit.bytesMax, MESSAGE_BYTES_MAX);
    for await (const piece of stream) {
      size += piece.byteLength;
      if (isTooLarge()) await this.#readLimit();
      if (isTooLarge()) throw this.#tooLarge(partition, size);
      pieces.push(piece.slice());
    }
    return Buffer.concat(pieces, size);
  }

  #tooLarge(partition: number, bytes: number, events = 1): LimitExceededError {
    const { bytesMax, setting } = this.#eventLimit;
    const what = events === 1 ? "an event" : `${counted(events, "event")} together`;
    // The broker's limit may be lower now than it was when the topic was opened.
    const limit = Number.isFinite(bytesMax) && bytes > bytesMax
      ? `${bytesMax} are possible`
      : "that is more than the broker takes";
    return new LimitExceededError(
      `Cannot store ${what} in topic "${this.#topic.name}" partition ${partition}: ${
        counted(bytes, "byte")
      }, and ${limit}; ` +
        `raise ${setting}`,
    );
  }

  #onLeader(partition: number, hasLeader: boolean): void {
    if (hasLeader) this.unavailable.delete(partition);
    else if (!this.unavailable.has(partition)) {
      this.unavailable.add(partition);
      this.onUnavailable?.();
    }
  }

  #sender(partition: number): PartitionSender<RecordBatch> {
    let sender = this.#senders.get(partition);
    if (sender === undefined) {
      const { cluster } = this.#topic;
      const client = this.#client ??= cluster.producer();
      const delivery = new PartitionDelivery({
        cluster,
        client,
        topic: this.#topic,
        partition,
        firstSession: () => this.#firstSession(client),
        onLeader: (hasLeader) => this.#onLeader(partition, hasLeader),
      });
      sender = new PartitionSender(
        {
          bytesMax: this.batchLimit.bytesMax,
          isMerging: cluster.settings.producer.compression === "none",
        },
        {
          begin: () => delivery.begin(),
          encode: (ranges) => this.#encode(partition, ranges),
          send: (batch, sinceMs) => this.#send(partition, delivery, batch, sinceMs),
        },
      );
      this.#senders.set(partition, sender);
    }
    return sender;
  }

  #firstSession(client: ClientProducer): Promise<ProducerId> {
    return this.#id ??= producerId(client).catch((error) => {
      this.#id = undefined;
      throw error;
    });
  }

  #encode(partition: number, ranges: RecordRange[]): RecordBatch {
    const bytes = batchBytes(ranges);
    if (bytes > this.#eventLimit.bytesMax) throw this.#tooLarge(partition, bytes, countOf(ranges));
    const batch = RecordBatch.encode(ranges, this.#memory);
    const { settings: { producer: { compression } } } = this.#topic.cluster;
    // Here already, because the next batch is encoded while one is on its way.
    if (compression === "none") batch.sum();
    return batch;
  }

  /** Sends a batch and returns the offset of its first event. */
  async #send(
    partition: number,
    delivery: PartitionDelivery,
    batch: RecordBatch,
    sinceMs: number,
  ): Promise<number> {
    const { count, bytes } = batch;
    try {
      const baseId = await delivery.send(batch, sinceMs);
      this.#topic.highWatermarks.raise(partition, baseId + count);
      // A request without a response may be on its way yet, and needs its memory.
      if (batch.sendings <= 1) this.#memory.give(bytes);
      return baseId;
    } catch (error) {
      if (error instanceof BrokerError && isTooLarge(error)) {
        throw this.#tooLarge(partition, bytes.byteLength, count);
      }
      throw error;
    }
  }
}
