import { PartitionMovedError } from "../../../errors.ts";
import type { Assignment } from "./assignment.ts";
import type { Positions } from "../offsets/commit.ts";
import type { Offsets } from "../offsets/offsets.ts";

/**
 * How long an event may still be acknowledged after its partition was reassigned, in milliseconds. For twice as
 * long the new owner reloads the committed position before each commit, since a position never moves backwards.
 */
const LATE_MS_MAX = 30_000;

interface Waiting {
  nextId: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Commits the positions of a consumer: one request at a time, with everything acknowledged in the meantime. */
export class PositionStore {
  /** The committed positions, as far as known. */
  readonly #stored = new Map<number, number>();
  /** Committed positions in the part of a log that was cut off. */
  readonly #obsolete = new Map<number, number>();
  /** When partitions changed their owner. */
  readonly #movedMs = new Map<number, number>();
  readonly #waiting = new Map<number, Waiting[]>();
  #storing: Promise<void> | undefined;
  #isSetting = false;
  /** Whether the positions are to be committed once more. */
  #isRenewing = false;
  #renewals: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly name: string,
    private readonly offsets: Offsets,
    private readonly assignment: Assignment,
  ) {}

  /** The currently committed positions and their leaders' epochs; omits partitions without one. */
  async load(partitions: readonly number[]): Promise<Map<number, { position: number; epoch: number }>> {
    if (partitions.length === 0) return new Map();
    const stored = await this.offsets.storedWithEpochs(this.name, partitions);
    for (const [partition, { position }] of stored) {
      if (position !== this.#obsolete.get(partition)) this.#stored.set(partition, position);
    }
    return stored;
  }

  /** The events from an id on no longer exist: others with these ids can be acknowledged. */
  cutOff(partition: number, id: number): void {
    const stored = this.#stored.get(partition) ?? -1;
    if (id >= stored) return;
    this.#obsolete.set(partition, stored);
    this.#stored.set(partition, id);
  }

  /** Partitions that have just been reassigned. */
  markReassigned(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#movedMs.set(partition, performance.now());
      this.#stored.delete(partition);
      this.#obsolete.delete(partition);
    }
  }

  /** Commits `nextId`, unless that is already stored. */
  acknowledge(partition: number, nextId: number): void | Promise<void> {
    if (nextId <= (this.#stored.get(partition) ?? -1) && this.assignment.assigned.includes(partition)) return;
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(partition) ?? [];
      this.#waiting.set(partition, [...waiting, { nextId, resolve, reject }]);
      this.#storing ??= this.#storeAll();
    });
  }

  /** Moves positions, even backwards. */
  async set(positions: Positions): Promise<void> {
    await this.idle();
    this.#isSetting = true;
    try {
      await this.assignment.commit(positions);
    } finally {
      this.#isSetting = false;
    }
    for (const [partition, nextId] of positions) this.#stored.set(partition, nextId);
  }

  /**
   * Commits the positions once more every so often, until it is closed: brokers forget one that was not committed for
   * some days, even that of an open consumer, unless it is a member of a group.
   */
  renewEvery(ms: number): void {
    this.#renewals = setInterval(() => {
      if (this.#isSetting) return;
      this.#isRenewing = true;
      this.#storing ??= this.#storeAll();
    }, ms);
  }

  /** Ends renewals; resolves when no commit is pending. */
  async close(): Promise<void> {
    clearInterval(this.#renewals);
    await this.idle();
  }

  /** Resolves when no commit is pending. */
  async idle(): Promise<void> {
    await this.#storing;
  }

  async #storeAll(): Promise<void> {
    // So that all acknowledgements of the current synchronous code are committed together.
    await Promise.resolve();
    while (this.#waiting.size > 0 || this.#isRenewing) {
      if (this.#isRenewing) await this.#renew();
      const waiting = new Map(this.#waiting);
      this.#waiting.clear();
      await this.#storeSome(waiting);
    }
    this.#storing = undefined;
  }

  /** One that was deleted, or moved from outside, is left alone. */
  async #renew(): Promise<void> {
    this.#isRenewing = false;
    const { assigned } = this.assignment;
    const known = assigned.filter((partition) => this.#stored.has(partition));
    if (known.length === 0) return;
    try {
      const found = await this.offsets.storedWithEpochs(this.name, known);
      const unchanged = Array.from(
        found,
        ([partition, { position }]): [number, number] => [partition, position],
      )
        .filter(([partition, position]) => position === this.#stored.get(partition));
      if (unchanged.length === 0) return;
      await this.assignment.commit(new Map(unchanged), (partition) => found.get(partition)!.epoch);
    } catch {
      // The next time may be in time yet; what prevents it is reported by acknowledgements.
    }
  }

  async #storeSome(waiting: ReadonlyMap<number, readonly Waiting[]>): Promise<void> {
    try {
      const positions = await this.#unstored(waiting);
      if (positions.size > 0) {
        await this.assignment.commit(positions, undefined, () => this.#unstored(waiting));
      }
      for (const [partition, nextId] of positions) {
        this.#stored.set(partition, Math.max(nextId, this.#stored.get(partition) ?? -1));
      }
      for (const one of [...waiting.values()].flat()) one.resolve();
    } catch (error) {
      if (error instanceof PartitionMovedError && waiting.size > 1) return await this.#storeEach(waiting);
      for (const one of [...waiting.values()].flat()) one.reject(error);
    }
  }

  /** What is to be committed; leaves out what another member has committed. */
  async #unstored(waiting: ReadonlyMap<number, readonly Waiting[]>): Promise<Map<number, number>> {
    await this.load([...waiting.keys()].filter((partition) => this.#mayBeStale(partition)));
    const positions = new Map<number, number>();
    for (const [partition, those] of waiting) {
      const nextId = Math.max(...those.map((one) => one.nextId));
      if (nextId <= (this.#stored.get(partition) ?? -1)) continue;
      if (this.#isTooLate(partition)) throw new PartitionMovedError(this.name, partition);
      positions.set(partition, nextId);
    }
    return positions;
  }

  /** Stores partition by partition, so that a reassigned one does not affect the others. */
  async #storeEach(waiting: ReadonlyMap<number, readonly Waiting[]>): Promise<void> {
    for (const one of waiting) await this.#storeSome(new Map([one]));
  }

  /** Whether another member may have committed a later position. */
  #mayBeStale(partition: number): boolean {
    const movedMs = this.#movedMs.get(partition);
    return !this.assignment.assigned.includes(partition) ||
      (movedMs !== undefined && performance.now() - movedMs < 2 * LATE_MS_MAX);
  }

  #isTooLate(partition: number): boolean {
    const movedMs = this.#movedMs.get(partition) ?? -Infinity;
    return !this.assignment.assigned.includes(partition) && performance.now() - movedMs > LATE_MS_MAX;
  }
}
