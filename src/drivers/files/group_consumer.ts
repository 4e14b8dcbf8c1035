import type { ConsumerRequest, IncomingBatch, StartPosition } from "../../contract.ts";
import { ConsumerDeletedError, PartitionMovedError, TopicDeletedError } from "../../errors.ts";
import type { AssignmentFailure, AssignmentListener, Membership } from "../../groups/mod.ts";
import {
  confirmedId,
  type CursorFile,
  type Partition,
  type Position,
  positionAt,
  type StoredPosition,
} from "../../log/mod.ts";
import { ofPartition } from "../../contract/partitions.ts";
import { everyTick } from "../../storage/ticks.ts";
import { assign, type AssignedPartition, targetOf } from "./assigned_partition.ts";
import { type ConsumerPositions, PartitionsConsumer } from "./consumer.ts";
import type { Group } from "./group.ts";
import { sideBySide } from "./cursor_steps.ts";

/** A member that waits looks for news this often, beside what wakes it. */
const WAIT_MS = 1000;

/** What a member uses of its group. */
type GroupAccess = Pick<Group, "name" | "join" | "listen" | "explained" | "elapsedMs" | "timeoutMs">;

/** A partition that this member owns. */
interface OwnedPartition extends AssignedPartition {
  /** All events below this id are acknowledged. */
  acknowledgedId: number;
  /** All events below this id were read by this member. */
  readId: number;
  /** Set while it is to move to another member: since when, and the id below which events were delivered. */
  revoking: { sinceMs: number; deliveredId: number } | undefined;
}

/** Reads the partitions that its group assigns to it. */
export class GroupConsumer extends PartitionsConsumer<OwnedPartition> implements AssignmentListener {
  #assigned: readonly number[] = [];
  #membership: Membership | undefined;
  /** The ids that `from` referred to when the consumer was opened. */
  readonly #startIds = new Map<number, number>();
  /** An error of the group, thrown once by the next read or wait. */
  #fault: unknown = undefined;
  /** Whether the assignment has changed since the last check for events. */
  #isReassigned = false;
  #relistens = false;
  /** The watch on the group, while calls wait for events. */
  #watch: { stop: () => void; users: number } | undefined;

  constructor(
    partitions: readonly Partition[],
    request: ConsumerRequest,
    positions: ConsumerPositions,
    private readonly group: GroupAccess,
  ) {
    super(partitions, request, positions);
  }

  get assigned(): readonly number[] {
    this.#membership?.checkLease();
    return this.#assigned;
  }

  checkOwnership(): number {
    return this.#membership?.checkBeforeDelivery() ?? 1;
  }

  async open(): Promise<void> {
    const { from } = this.request;
    for (const [number, partition] of this.partitions.entries()) {
      // Known also after an attempt to open it that failed.
      if (from === "earliest" || this.#startIds.has(number)) continue;
      // An id that retention removed is reported by the first read.
      const isId = typeof from === "object" && "id" in from;
      this.#startIds.set(number, isId ? from.id : partition.resolve(from));
    }
    this.#fault = undefined;
    this.#membership = await this.group.join(this);
    if (this.isClosed) this.#membership.leave();
  }

  onAssigned(partitions: readonly number[]): AssignmentFailure[] {
    const taking = partitions.map((partition) => ({ partition, cursor: this.positions.cursor(partition) }));
    const taken = sideBySide(
      taking.map(({ partition, cursor }) => ({
        partition,
        steps: cursor.takeSteps((stored) => this.#beginOf(partition, stored)),
      })),
      () => this.positions.listed(),
    );
    const failures: AssignmentFailure[] = [];
    taking.forEach(({ partition, cursor }, index) => {
      const result = taken[index]!;
      try {
        if (result.status === "rejected") throw result.reason;
        this.#begin(partition, cursor, result.value);
      } catch (error) {
        cursor.close();
        failures.push({ partition, error });
      }
    });
    this.#assign([...this.#assigned, ...partitions.filter((each) => this.assignments.has(each))]);
    return failures;
  }

  /** If no position was stored, the start position is, so that the next owner starts there too. */
  #beginOf(partition: number, stored: StoredPosition | undefined): Position {
    const log = ofPartition(this.partitions, partition);
    const id = stored === undefined ? undefined : confirmedId(log, stored);
    if (id !== undefined && id === stored!.nextId) return stored!;
    return positionAt(log, id ?? this.#startIds.get(partition) ?? log.firstId());
  }

  #begin(partition: number, cursor: CursorFile, { nextId }: Position): void {
    const assigned: OwnedPartition = {
      ...assign(ofPartition(this.partitions, partition), this.request, cursor),
      acknowledgedId: 0,
      readId: 0,
      revoking: undefined,
    };
    this.moveTo([assigned], { id: nextId });
    assigned.acknowledgedId = assigned.readId = assigned.reader.position;
    this.begin(partition, assigned);
  }

  onRevoking(partition: number): boolean {
    const assigned = this.assignments.get(partition);
    if (assigned === undefined) return true;
    const now = this.group.elapsedMs();
    if (assigned.revoking === undefined) {
      const deliveredId = this.request.release?.(partition) ?? assigned.reader.position;
      assigned.revoking = { sinceMs: now, deliveredId };
      this.#assign(this.#assigned.filter((each) => each !== partition));
    }
    const { sinceMs, deliveredId } = assigned.revoking;
    return assigned.acknowledgedId >= deliveredId || now - sinceMs >= this.group.timeoutMs;
  }

  onKept(partition: number): void {
    const assigned = this.assignments.get(partition);
    if (assigned?.revoking === undefined) return;
    const { gone } = assigned;
    this.moveTo([assigned], { id: assigned.revoking.deliveredId });
    assigned.gone ??= gone;
    assigned.revoking = undefined;
    this.#assign([...this.#assigned, partition]);
  }

  onLost(partition: number): void {
    const assigned = this.assignments.get(partition);
    if (assigned === undefined) return;
    if (assigned.revoking === undefined) this.request.release?.(partition);
    this.assignments.delete(partition);
    this.end(assigned);
    this.#assign(this.#assigned.filter((each) => each !== partition));
  }

  onTurn(): void {
    this.request.recheck?.();
  }

  onError(error: unknown): void {
    this.#fault = this.group.explained(error);
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
    // A member without partitions never reads, so this call has to throw.
    return this.#fault === undefined ? super.waitForEvents(signal) : Promise.reject(this.#takeFault());
  }

  acknowledge(partition: number, nextId: number): void | Promise<void> {
    const membership = this.#membership!;
    membership.checkLease();
    const assigned = this.assignments.get(partition);
    // Events that were read before the partition was revoked cannot be acknowledged after it is assigned again.
    if (assigned === undefined || nextId > assigned.readId) throw this.#moved(partition);
    if (nextId <= assigned.acknowledgedId) return;
    assigned.cursor.acknowledgeHeld(this.positionOf(assigned, nextId), () => {
      if (membership.owns(partition)) return;
      membership.poll();
      throw this.#moved(partition);
    });
    const finish = () => {
      assigned.acknowledgedId = Math.max(nextId, assigned.acknowledgedId);
      if (assigned.revoking !== undefined) membership.poll();
    };
    const { own } = assigned.cursor;
    return own?.isSyncDue === true ? this.syncs.add(own).then(finish) : finish();
  }

  seek(partitions: readonly number[], to: StartPosition, store: boolean): Promise<void> {
    const all = partitions.map((partition) => {
      const assigned = this.assignments.get(partition);
      if (assigned === undefined) throw this.#moved(partition, "seek in");
      return assigned;
    });
    for (const { delivered } of all) delivered.clear();
    this.moveTo(all, to, () => {
      if (!store) return;
      const lost = partitions.find((partition) => !this.#membership!.owns(partition));
      if (lost !== undefined) throw this.#moved(lost, "seek in");
      this.positions.seek(all.map(targetOf));
      for (const assigned of all) assigned.acknowledgedId = assigned.reader.position;
    });
    // Where it goes on if the partition stays after all; nothing after that is delivered any more.
    for (const { revoking, reader } of all) {
      if (revoking !== undefined) revoking.deliveredId = reader.position;
    }
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    try {
      this.#membership?.leave();
    } catch (error) {
      const reason = this.group.explained(error);
      // The group is deleted with its topic, or with its consumer.
      if (!(reason instanceof TopicDeletedError || reason instanceof ConsumerDeletedError)) throw reason;
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
    // A member waits for partitions too: without any, and without a watch, nothing else would keep its process running.
    stops.push(everyTick(WAIT_MS, wake, { keepsRunning: true }));
    if (this.#watch === undefined) {
      const stop = this.group.listen(() => membership.poll());
      if (stop === undefined) return stops;
      this.#watch = { stop, users: 0 };
      membership.isWatched = true;
      // The group may have changed before the watch started.
      queueMicrotask(() => membership.poll());
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
    if (this.#relistens) return;
    this.#relistens = true;
    // Once for all partitions assigned together.
    queueMicrotask(() => {
      this.#relistens = false;
      if (!this.isClosed) this.relisten();
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
