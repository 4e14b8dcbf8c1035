import type { ConsumerRequest, IncomingBatch, StartPosition } from "../../contract.ts";
import { PartitionMovedError } from "../../errors.ts";
import {
  confirmedId,
  type CursorFile,
  type Holder,
  type Membership,
  type Partition,
  type Position,
  positionAt,
} from "../../log/mod.ts";
import { ofPartition } from "../../of_partition.ts";
import { assign, type AssignedPartition, PartitionsConsumer } from "./consumer.ts";

/** How a consumer takes part in its group. */
export interface GroupPart {
  /** Name of the consumers. */
  name: string;
  /** Joins them; `holder` learns of the partitions from then on. */
  join(holder: Holder): Promise<Membership>;
  /** Calls when the group may have changed, until the function given back is called; undefined where that cannot be. */
  listen(wake: () => void): (() => void) | undefined;
  elapsedMs(): number;
  /** How long a partition that is wanted elsewhere is kept for acknowledgements that are missing. */
  patienceMs: number;
}

/** A partition that this member owns. */
interface OwnedPartition extends AssignedPartition {
  /** Up to where everything is acknowledged. */
  acknowledgedId: number;
  /** Up to where it was read here. */
  readId: number;
  /** Since when it is wanted elsewhere, and up to where events were given out. */
  leaving: { sinceMs: number; deliveredId: number } | undefined;
}

/** Reads the partitions that a group gives it. */
export class GroupConsumer extends PartitionsConsumer<OwnedPartition> implements Holder {
  #assigned: readonly number[] = [];
  #membership: Membership | undefined;
  /** Where `from` meant when the consumer was opened. */
  readonly #beginnings = new Map<number, number>();
  /** What went wrong in the group: said once, to the call that reads or waits. */
  #fault: unknown = undefined;
  /** Whether the partitions changed since the last look for events. */
  #isReassigned = false;
  #listensAnew = false;
  /** The watch on the group, while someone waits. */
  #watch: { stop: () => void; users: number } | undefined;

  constructor(
    partitions: readonly Partition[],
    request: ConsumerRequest,
    cursorOf: (partition: number) => CursorFile,
    private readonly group: GroupPart,
  ) {
    super(partitions, request, cursorOf);
  }

  get assigned(): readonly number[] {
    this.#membership?.check();
    return this.#assigned;
  }

  async open(): Promise<void> {
    const { from } = this.request;
    for (const [number, partition] of this.partitions.entries()) {
      if (from === "earliest") continue;
      // Of an id that was removed the first read tells.
      const isId = typeof from === "object" && "id" in from;
      this.#beginnings.set(number, isId ? from.id : partition.resolve(from));
    }
    this.#membership = await this.group.join(this);
    if (this.isClosed) this.#membership.leave();
  }

  enter(partition: number): void {
    const log = ofPartition(this.partitions, partition);
    const cursor = this.cursorOf(partition);
    let begun: Position;
    try {
      // What is stored where nothing was is the beginning, so that the next owner has the same.
      begun = cursor.take((stored) => {
        const id = stored === undefined ? undefined : confirmedId(log, stored);
        if (id !== undefined && id === stored!.nextId) return stored!;
        return positionAt(log, id ?? this.#beginnings.get(partition) ?? log.firstId());
      });
    } catch (error) {
      cursor.close();
      throw error;
    }
    const assigned: OwnedPartition = {
      ...assign(log, this.request, cursor),
      acknowledgedId: 0,
      readId: 0,
      leaving: undefined,
    };
    this.moveTo(assigned, { id: begun.nextId });
    assigned.acknowledgedId = assigned.readId = assigned.reader.position;
    this.assignments.set(partition, assigned);
    this.#assign([...this.#assigned, partition]);
  }

  leave(partition: number): boolean {
    const assigned = this.assignments.get(partition);
    if (assigned === undefined) return true;
    const now = this.group.elapsedMs();
    if (assigned.leaving === undefined) {
      const deliveredId = this.request.release?.(partition) ?? assigned.reader.position;
      assigned.leaving = { sinceMs: now, deliveredId };
      this.#assign(this.#assigned.filter((each) => each !== partition));
    }
    const { sinceMs, deliveredId } = assigned.leaving;
    return assigned.acknowledgedId >= deliveredId || now - sinceMs >= this.group.patienceMs;
  }

  stay(partition: number): void {
    const assigned = this.assignments.get(partition);
    if (assigned?.leaving === undefined) return;
    this.moveTo(assigned, { id: assigned.leaving.deliveredId });
    assigned.leaving = undefined;
    this.#assign([...this.#assigned, partition]);
  }

  lose(partition: number): void {
    const assigned = this.assignments.get(partition);
    if (assigned === undefined) return;
    if (assigned.leaving === undefined) this.request.release?.(partition);
    this.assignments.delete(partition);
    assigned.cursor.close();
    this.#assign(this.#assigned.filter((each) => each !== partition));
  }

  fail(error: unknown): void {
    this.#fault = error;
    this.wake();
  }

  override read(partition: number, eventsMax: number): IncomingBatch | undefined {
    if (this.#fault !== undefined) throw this.#takeFault();
    const batch = super.read(partition, eventsMax);
    const assigned = this.assignments.get(partition);
    if (assigned !== undefined) assigned.readId = Math.max(assigned.readId, assigned.reader.position);
    return batch;
  }

  override waitForEvents(signal: AbortSignal): Promise<void> {
    // Where nothing is assigned nothing is read that would say it.
    return this.#fault === undefined ? super.waitForEvents(signal) : Promise.reject(this.#takeFault());
  }

  acknowledge(partition: number, nextId: number): void {
    const membership = this.#membership!;
    membership.check();
    const assigned = this.assignments.get(partition);
    // What was read before the partition was away is not this ownership's.
    if (assigned === undefined || nextId > assigned.readId) throw this.#moved(partition);
    if (nextId <= assigned.acknowledgedId) return;
    assigned.cursor.acknowledgeHeld(this.positionOf(assigned, nextId), () => {
      if (membership.holds(partition)) return;
      membership.look();
      throw this.#moved(partition);
    });
    assigned.acknowledgedId = nextId;
    if (assigned.leaving !== undefined) membership.look();
  }

  seek(partition: number, to: StartPosition, store: boolean): Promise<void> {
    const assigned = this.assignments.get(partition);
    if (assigned === undefined) throw this.#moved(partition, "seek in");
    assigned.given = [];
    assigned.gone = undefined;
    this.moveTo(assigned, to);
    if (!store) return Promise.resolve();
    if (!this.#membership!.holds(partition)) throw this.#moved(partition, "seek in");
    const position = positionAt(assigned.partition, assigned.reader.position);
    assigned.cursor.take(() => position);
    assigned.acknowledgedId = assigned.readId = position.nextId;
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    try {
      this.#membership?.leave();
    } finally {
      await super.close();
    }
  }

  protected override hasNews(): boolean {
    const isReassigned = this.#isReassigned || this.#fault !== undefined;
    this.#isReassigned = false;
    return isReassigned || super.hasNews();
  }

  protected override listenTo(wake: () => void): (() => void)[] {
    const stops = super.listenTo(wake);
    const membership = this.#membership;
    if (membership === undefined) return stops;
    if (this.#watch === undefined) {
      const stop = this.group.listen(() => membership.look());
      if (stop === undefined) return stops;
      this.#watch = { stop, users: 0 };
      membership.isWatched = true;
      // Before anything listened, the group may have changed.
      queueMicrotask(() => membership.look());
    }
    const watch = this.#watch;
    watch.users++;
    stops.push(() => {
      if (--watch.users > 0) return;
      this.#watch = undefined;
      membership.isWatched = false;
      watch.stop();
    });
    return stops;
  }

  #assign(partitions: readonly number[]): void {
    if (partitions.length === this.#assigned.length) return;
    this.#assigned = [...partitions].sort((one, other) => one - other);
    this.request.onAssigned?.(this.#assigned);
    this.#isReassigned = true;
    this.wake();
    if (this.#listensAnew) return;
    this.#listensAnew = true;
    // Once for all partitions that change together.
    queueMicrotask(() => {
      this.#listensAnew = false;
      if (!this.isClosed) this.listenAnew();
    });
  }

  #takeFault(): unknown {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  #moved(partition: number, action?: string): PartitionMovedError {
    return new PartitionMovedError(this.group.name, partition, action);
  }
}
