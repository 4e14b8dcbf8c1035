import {
  Consumer,
  type ConsumerOptions,
  type CorruptedLogError,
  DefaultSerializer,
  type Serializer,
} from "../../mod.ts";
import type {
  ConsumerInterface,
  ConsumerRequest,
  DataRange,
  IncomingBatch,
  StartPosition,
  TopicInterface,
} from "../../src/contract.ts";

/** One stored event. */
export interface Scripted {
  text: string;
  data?: Uint8Array;
}

/**
 * A topic whose driver returns what the test stored, synchronously or later, and records what it was asked.
 */
export class ScriptedSource {
  readonly partitions: Scripted[][];
  /** Milliseconds that a read takes; undefined reads synchronously. */
  readMs: number | undefined = undefined;
  /** Errors to throw, by partition and id. */
  readonly faults = new Map<string, Error>();
  readonly acknowledged: string[] = [];
  acknowledgeError: Error | undefined = undefined;
  /** Ends each acknowledgement; undefined for a driver that stores it at once. */
  acknowledging: (() => Promise<void>) | undefined = undefined;
  readonly seeks: string[] = [];
  /** Ends each seek; undefined if they end at once. */
  seeking: (() => Promise<void>) | undefined = undefined;
  /** Ends opening; undefined if that ends at once. */
  opening: Promise<void> | undefined = undefined;
  /** Ends each wait that is over; undefined if they end at once. */
  leaving: (() => Promise<void>) | undefined = undefined;
  /** Partitions whose end cannot be found out. */
  readonly unknownEnds = new Set<number>();
  /** Data ranges that were read, as `id:offset+size`. */
  readonly dataReads: string[] = [];
  reads = 0;
  /** Waits in progress, and the number of all so far. */
  waiting = 0;
  waits = 0;
  closed = false;
  closes = 0;
  request: ConsumerRequest | undefined = undefined;
  /** Whether batches can return views of data. */
  views = false;
  openError: Error | undefined = undefined;
  opens = 0;
  readonly #wakes = new Set<() => void>();
  #assigned: readonly number[] = [];

  constructor(numPartitions = 1) {
    this.partitions = Array.from({ length: numPartitions }, () => []);
  }

  /** Stores events, by default numbers, and wakes those who wait. */
  store(count: number, partition = 0, make: (id: number) => Scripted = (id) => ({ text: String(id) })): void {
    for (let left = count; left > 0; left--) {
      this.partitions[partition].push(make(this.partitions[partition].length));
    }
    for (const wake of [...this.#wakes]) wake();
  }

  /** Assigns these partitions to the consumer, as a group does. */
  assign(partitions: number[]): void {
    this.#assigned = partitions;
    this.request?.onAssigned?.(partitions);
  }

  /** Makes a consumer for it; `loading` is the serializer that replaces the first one. */
  consumer<T = unknown>(
    options?: ConsumerOptions<T>,
    serializer: Serializer = new DefaultSerializer(),
    loading?: Promise<Serializer>,
  ): Consumer<T> {
    const partitions = this.partitions.map((_, partition_id) => ({ partition_id }));
    const topic: Partial<TopicInterface> = {
      name: "scripted",
      partitions,
      consumer: (_, request) => this.#driver(request),
      describe: () =>
        Promise.resolve(this.partitions.map(({ length }, partition) => (
          this.unknownEnds.has(partition)
            ? { partition, firstId: 0, nextId: 0, bytes: 0, segments: 0, fault: "out of reach" }
            : { partition, firstId: 0, nextId: length, bytes: 0, segments: 0 }
        ))),
    };
    const components: { serializer: Serializer; serializerLoading?: Promise<unknown> | undefined } = {
      serializer,
      serializerLoading: loading?.then((loaded) => components.serializer = loaded),
    };
    return new Consumer<T>("c", topic as TopicInterface, components, options);
  }

  #driver(request: ConsumerRequest): ConsumerInterface {
    this.request = request;
    const positions = this.partitions.map(() => 0);
    this.#assigned = request.partitions ?? positions.map((_, partition) => partition);
    const read = (partition: number, eventsMax: number): IncomingBatch | undefined => {
      this.reads++;
      const baseId = positions[partition];
      const count = Math.min(eventsMax, this.partitions[partition].length - baseId);
      if (count <= 0) return undefined;
      const fault = this.faults.get(`${partition}:${baseId}`);
      if (fault !== undefined) throw fault;
      positions[partition] += count;
      return this.#batch(partition, baseId, count);
    };
    const assigned = () => this.#assigned;
    return {
      get assigned() {
        return assigned();
      },
      open: () => {
        this.opens++;
        return this.openError === undefined
          ? this.opening ?? Promise.resolve()
          : Promise.reject(this.openError);
      },
      read: (partition, eventsMax) =>
        this.readMs === undefined
          ? read(partition, eventsMax)
          : new Promise((resolve) => setTimeout(resolve, this.readMs)).then(() => read(partition, eventsMax)),
      waitForEvents: (signal) =>
        new Promise((resolve) => {
          this.waiting++;
          this.waits++;
          const done = () => {
            this.waiting--;
            this.#wakes.delete(done);
            signal.removeEventListener("abort", done);
            resolve(this.leaving?.());
          };
          this.#wakes.add(done);
          signal.addEventListener("abort", done);
          if (signal.aborted || assigned().some((one) => positions[one] < this.partitions[one].length)) {
            done();
          }
        }),
      acknowledge: (partition, nextId) => {
        if (this.acknowledgeError !== undefined) throw this.acknowledgeError;
        this.acknowledged.push(`${partition}:${nextId}`);
        return this.acknowledging?.();
      },
      seek: (partitions, to: StartPosition, store) => {
        this.seeks.push(`${partitions}:${JSON.stringify(to)}${store ? " stored" : ""}`);
        for (const partition of partitions) {
          positions[partition] = to === "earliest"
            ? 0
            : to === "latest"
            ? this.partitions[partition].length
            : (to as { id: number }).id;
        }
        return this.seeking?.() ?? Promise.resolve();
      },
      position: (partition) => positions[partition],
      close: () => {
        this.closed = true;
        this.closes++;
        return Promise.resolve();
      },
    };
  }

  #batch(partition: number, baseId: number, count: number): IncomingBatch {
    const events = this.partitions[partition].slice(baseId, baseId + count);
    const dataOf = (index: number) => events[index].data ?? new Uint8Array(0);
    const note = (index: number, { offset, size }: DataRange) => {
      this.dataReads.push(`${baseId + index}:${offset}+${size}`);
    };
    const batch: IncomingBatch = {
      partition,
      baseId,
      count,
      timestamp: 1000,
      joinedText: () => events.map(({ text }) => text).join(","),
      metadataText: (index) => events[index].text,
      metadataBytes: (index) => new TextEncoder().encode(events[index].text),
      dataSize: (index) => dataOf(index).byteLength,
      readData: (index, ranges, into) => {
        const wanted = ranges.flatMap((range) => {
          note(index, range);
          return [...dataOf(index).subarray(range.offset, range.offset + range.size)];
        });
        for (const buffer of into) buffer.set(wanted.splice(0, buffer.byteLength));
      },
    };
    if (this.views) {
      batch.viewData = (index, range) => {
        note(index, range);
        return dataOf(index).subarray(range.offset, range.offset + range.size);
      };
    }
    return batch;
  }
}

/** Reports damage to a consumer's damage callback, as a driver that skips it does. */
export function reportDamage(source: ScriptedSource, error: CorruptedLogError): void {
  source.request?.onDamage?.(error);
}
