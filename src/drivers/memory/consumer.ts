import { attempt } from "../../async.ts";
import { ConsumerDeletedError, EventGoneError, PartitionMovedError } from "../../errors.ts";
import type { ConsumerInterface, ConsumerRequest, IncomingBatch, StartPosition } from "../../contract.ts";
import { ofPartition } from "../../contract/partitions.ts";
import { MemoryBatch, MemoryTextBatch } from "./batch.ts";
import type { MemoryGroup, MemoryMember } from "./group.ts";
import type { MemoryTopicStore } from "./store.ts";

/** How long a revoked partition is kept for missing acknowledgements, in milliseconds. */
const REVOKE_MS_MAX = 10_000;

let members = 0;

/** A partition that is being revoked. */
interface Revoking {
  sinceMs: number;
  /** One past the last delivered event. */
  deliveredId: number;
}

/** Reads a topic in memory. */
export class MemoryConsumer implements ConsumerInterface, MemoryMember {
  readonly id = `memory-${++members}`;
  assigned: readonly number[];
  readonly #group: MemoryGroup | undefined;
  readonly #revoking = new Map<number, Revoking>();
  /** The ids that `from` referred to when the consumer was opened. */
  #startIds: number[] = [];
  /** For a group's partitions: one past the last event read here. */
  readonly #read = new Map<number, number>();
  #isReassigned = false;
  #closeStandalone = () => {};
  readonly #positions = new Map<number, number>();
  #registration: object | undefined;
  readonly #waits = new Set<() => void>();
  #closed = false;

  constructor(
    private readonly store: MemoryTopicStore,
    private readonly name: string,
    private readonly request: ConsumerRequest,
  ) {
    this.#group = request.group === true ? store.groupOf(name) : undefined;
    this.assigned = request.group === true
      ? []
      : request.partitions ?? store.partitions.map(({ number }) => number);
  }

  open(): Promise<void> {
    return attempt(() => {
      this.store.checkExists();
      if (this.#startIds.length === 0) {
        this.#startIds = this.store.partitions.map((partition) => partition.resolve(this.request.from));
      }
      if (this.#group === undefined) this.#openStandalone();
      else this.#join(this.#group);
    });
  }

  #join(group: MemoryGroup): void {
    this.store.checkHasNoStandalone(this.name);
    this.#registration = this.store.registrationOf(this.name);
    group.join(this);
  }

  assign(partition: number): void {
    const stored = this.store.positionOf(this.name, partition);
    const position = stored ?? ofPartition(this.#startIds, partition);
    // The next owner continues from here, whatever its own `from`.
    if (stored === undefined) {
      this.#storePosition(() => this.store.setPosition(this.name, partition, position));
    }
    this.#positions.set(partition, position);
    this.#read.set(partition, position);
    this.#assign([...this.assigned, partition].sort((one, other) => one - other));
  }

  tryRevoke(partition: number): boolean {
    let revoking = this.#revoking.get(partition);
    if (revoking === undefined) {
      const deliveredId = this.request.release?.(partition) ?? this.position(partition);
      this.#revoking.set(partition, revoking = { sinceMs: performance.now(), deliveredId });
      this.#assign(this.assigned.filter((each) => each !== partition));
    }
    const { sinceMs, deliveredId } = revoking;
    const patienceMs = this.request.groupTimeoutMs ?? REVOKE_MS_MAX;
    return (this.store.positionOf(this.name, partition) ?? 0) >= deliveredId ||
      performance.now() - sinceMs >= patienceMs;
  }

  keep(partition: number): void {
    const revoking = this.#revoking.get(partition);
    if (revoking === undefined) return;
    this.#revoking.delete(partition);
    this.#positions.set(partition, revoking.deliveredId);
    this.#assign([...this.assigned, partition].sort((one, other) => one - other));
  }

  revoke(partition: number): void {
    if (!this.#revoking.delete(partition)) this.request.release?.(partition);
    this.#read.delete(partition);
    this.#assign(this.assigned.filter((each) => each !== partition));
  }

  #assign(partitions: readonly number[]): void {
    if (partitions.length === this.assigned.length) return;
    this.assigned = partitions;
    this.request.onAssigned?.(partitions);
    this.#isReassigned = true;
    this.store.announce();
  }

  #openStandalone(): void {
    this.#closeStandalone = this.store.openStandalone(this.name);
    this.#registration = this.store.registrationOf(this.name);
    for (const partition of this.assigned) {
      const stored = this.store.positionOf(this.name, partition);
      this.#positions.set(partition, stored ?? ofPartition(this.#startIds, partition));
    }
  }

  read(partition: number, eventsMax: number): IncomingBatch | undefined {
    this.store.checkExists();
    const log = ofPartition(this.store.partitions, partition);
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
    if (this.#group !== undefined) {
      this.#read.set(partition, Math.max(position + count, this.#read.get(partition) ?? 0));
    }
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
    // Events that were read before the partition was revoked cannot be acknowledged any more.
    if (this.#group !== undefined && nextId > (this.#read.get(partition) ?? -1)) {
      throw new PartitionMovedError(this.name, partition);
    }
    this.#storePosition(() => this.store.acknowledge(this.name, partition, nextId));
    if (this.#revoking.has(partition)) this.#group?.rebalance();
  }

  seek(partitions: readonly number[], to: StartPosition, store: boolean): Promise<void> {
    this.store.checkExists();
    const lost = partitions.find((partition) => this.#group?.owns(this, partition) === false);
    if (lost !== undefined) throw new PartitionMovedError(this.name, lost, "seek in");
    for (const partition of partitions) {
      const position = ofPartition(this.store.partitions, partition).resolve(to);
      if (store) this.#storePosition(() => this.store.setPosition(this.name, partition, position));
      this.#positions.set(partition, position);
      const revoking = this.#revoking.get(partition);
      // Where it goes on if the partition stays after all; nothing after that is delivered any more.
      if (revoking !== undefined) revoking.deliveredId = position;
    }
    return Promise.resolve();
  }

  position(partition: number): number {
    return this.#positions.get(partition) ?? 0;
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const done of this.#waits) done();
    this.#closeStandalone();
    this.#closeStandalone = () => {};
    this.#group?.remove(this);
    this.#positions.clear();
    return Promise.resolve();
  }

  /** A consumer opened before its name was deleted must not recreate it. */
  #storePosition(store: () => void): void {
    const isForgotten = this.#registration !== undefined &&
      this.store.registrationOf(this.name) !== this.#registration;
    if (isForgotten) throw new ConsumerDeletedError(this.name);
    store();
    this.#registration = this.store.registrationOf(this.name);
  }

  #hasNews(): boolean {
    const isReassigned = this.#isReassigned;
    this.#isReassigned = false;
    return isReassigned ||
      this.assigned.some((partition) =>
        this.position(partition) < ofPartition(this.store.partitions, partition).nextId
      );
  }
}
