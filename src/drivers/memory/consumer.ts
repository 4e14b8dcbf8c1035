import { ConsumerDeletedError, EventGoneError } from "../../errors.ts";
import type { ConsumerInterface, ConsumerRequest, IncomingBatch, StartPosition } from "../../contract.ts";
import { MemoryBatch, MemoryTextBatch } from "./batch.ts";
import type { MemoryTopicStore } from "./store.ts";

/** Reads a topic in memory. */
export class MemoryConsumer implements ConsumerInterface {
  readonly assigned: readonly number[];
  readonly #positions = new Map<number, number>();
  #registration: object | undefined;
  readonly #waits = new Set<() => void>();
  #closed = false;

  constructor(
    private readonly store: MemoryTopicStore,
    private readonly name: string,
    private readonly request: ConsumerRequest,
  ) {
    this.assigned = request.partitions ?? store.partitions.map(({ number }) => number);
  }

  open(): Promise<void> {
    this.#registration = this.store.registrationOf(this.name);
    for (const partition of this.assigned) {
      const stored = this.store.positionOf(this.name, partition);
      this.#positions.set(partition, stored ?? this.store.partitions[partition].resolve(this.request.from));
    }
    return Promise.resolve();
  }

  read(partition: number, eventsMax: number): IncomingBatch | undefined {
    this.store.checkThere();
    const log = this.store.partitions[partition];
    const position = this.position(partition);
    if (position < log.firstId) {
      this.#positions.set(partition, log.firstId);
      throw new EventGoneError(partition, position, log.firstId);
    }
    const stored = log.find(position);
    if (stored === undefined) return undefined;
    const first = position - stored.baseId;
    const count = Math.min(eventsMax, stored.count - first);
    this.#positions.set(partition, position + count);
    const Batch = typeof stored.metadata[0] === "string" ? MemoryTextBatch : MemoryBatch;
    return new Batch(partition, stored, first, count);
  }

  waitForEvents(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        this.#waits.delete(done);
        this.store.stopListening(wake);
        resolve();
      };
      const wake = () => {
        if (this.store.isDeleted || this.#hasNews()) done();
      };
      signal.addEventListener("abort", done);
      this.#waits.add(done);
      this.store.listen(wake);
      wake();
    });
  }

  acknowledge(partition: number, nextId: number): void {
    this.#storePosition(() => this.store.acknowledge(this.name, partition, nextId));
  }

  seek(partition: number, to: StartPosition, store: boolean): Promise<void> {
    const position = this.store.partitions[partition].resolve(to);
    this.#positions.set(partition, position);
    if (store) this.#storePosition(() => this.store.setPosition(this.name, partition, position));
    return Promise.resolve();
  }

  position(partition: number): number {
    return this.#positions.get(partition) ?? 0;
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const done of this.#waits) done();
    this.#positions.clear();
    return Promise.resolve();
  }

  /** A name that was forgotten meanwhile is not brought back by a consumer of before. */
  #storePosition(store: () => void): void {
    const isForgotten = this.#registration !== undefined &&
      this.store.registrationOf(this.name) !== this.#registration;
    if (isForgotten) throw new ConsumerDeletedError(this.name);
    store();
    this.#registration = this.store.registrationOf(this.name);
  }

  #hasNews(): boolean {
    return this.assigned.some((partition) =>
      this.position(partition) < this.store.partitions[partition].nextId
    );
  }
}
