import { EventGoneError } from "../../errors.ts";
import { ofPartition } from "../../contract/partitions.ts";
import {
  confirmedId,
  type CursorFile,
  type CursorSteps,
  type Partition,
  type Position,
  positionAt,
  type StoredBatch,
} from "../../log/mod.ts";
import { assign, type AssignedPartition, passGone, targetOf } from "./assigned_partition.ts";
import type { SeekTarget } from "./consumer_folder.ts";
import type { PositionFiles } from "./layout.ts";
import type { ConsumerInterface, ConsumerRequest, IncomingBatch, StartPosition } from "../../contract.ts";
import type { Group } from "./group.ts";
import { StepsOfTurn, SyncsOfTurn } from "./cursor_steps.ts";

/** The folders are watched for this long after the last wait, since the next one usually follows soon. */
const LISTEN_LINGER_MS = 500;

/** In a topic with more partitions, files do not stay open for the next consumer: there may be too many. */
const KEPT_PARTITIONS_MAX = 16;

/** The stored positions of a consumer name. */
export interface ConsumerPositions {
  /** The position in a partition. */
  cursor(partition: number): CursorFile;
  /** Lists the position files. */
  listed(): PositionFiles;
  /** Puts the names of position files on the disk. */
  syncNames(): Promise<void>;
  /** Stores positions in all of the partitions or in none. */
  seek(targets: readonly SeekTarget[]): void;
}

/** Reads partitions of a topic under a consumer name. */
export abstract class PartitionsConsumer<P extends AssignedPartition> implements ConsumerInterface {
  abstract readonly assigned: readonly number[];
  protected readonly assignments: Map<number, P> = new Map();
  #stopListening: (() => void)[] = [];
  #linger: ReturnType<typeof setTimeout> | undefined;
  /** Callbacks of waits, called when there may be new events. */
  readonly #waits = new Set<() => void>();
  /** First positions that have to survive a power cut. */
  protected readonly syncs: SyncsOfTurn;
  protected isClosed = false;

  constructor(
    protected readonly partitions: readonly Partition[],
    protected readonly request: ConsumerRequest,
    protected readonly positions: ConsumerPositions,
  ) {
    this.syncs = new SyncsOfTurn(() => positions.syncNames());
  }

  abstract open(): Promise<void>;

  abstract acknowledge(partition: number, nextId: number): void | Promise<void>;

  abstract seek(partitions: readonly number[], to: StartPosition, store: boolean): Promise<void>;

  read(partition: number, eventsMax: number): IncomingBatch | undefined {
    const assigned = this.assignments.get(partition);
    // A rebalance may have revoked it in the meantime.
    if (assigned === undefined) return undefined;
    if (assigned.gone !== undefined) {
      const gone = passGone(assigned, assigned.gone);
      assigned.gone = undefined;
      if (gone !== undefined) throw gone;
    }
    let batch: StoredBatch | undefined;
    try {
      batch = assigned.reader.read(eventsMax);
    } catch (error) {
      const gone = error instanceof EventGoneError ? passGone(assigned, error) : error;
      if (gone === undefined) return this.read(partition, eventsMax);
      throw gone;
    }
    if (batch !== undefined) assigned.delivered.add(batch);
    return batch;
  }

  waitForEvents(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        if (!this.#waits.delete(look)) return;
        signal.removeEventListener("abort", done);
        if (this.#waits.size === 0) {
          this.#linger = setTimeout(() => this.#stop(), LISTEN_LINGER_MS);
        }
        resolve();
      };
      const look = () => {
        if (this.isClosed || this.hasNews()) done();
      };
      clearTimeout(this.#linger);
      signal.addEventListener("abort", done);
      this.#waits.add(look);
      this.#listen();
      // Finds events appended before anything listened, which would otherwise wait for the poll.
      look();
    });
  }

  protected positionOf({ delivered, partition }: AssignedPartition, nextId: number): Position {
    return delivered.positionBefore(nextId) ?? positionAt(partition, nextId);
  }

  position(partition: number): number {
    const assigned = this.assignments.get(partition);
    // An iteration with an end has to read what was removed before it, to learn of it.
    return assigned?.gone?.id ?? assigned?.reader.position ?? 0;
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.wake();
    clearTimeout(this.#linger);
    this.#stop();
    for (const assigned of this.assignments.values()) this.end(assigned);
    this.assignments.clear();
    return Promise.resolve();
  }

  /** A partition is read from now on. */
  protected begin(number: number, assigned: P): void {
    this.assignments.set(number, assigned);
    assigned.partition.segments.readers.add(this);
  }

  /** A partition is not read any more. */
  protected end({ cursor, partition: { segments } }: P): void {
    cursor.close();
    segments.readers.delete(this);
    if (this.partitions.length > KEPT_PARTITIONS_MAX && segments.readers.size === 0) segments.releaseOpen();
  }

  /** Moves to a position, and calls a function there. If anything fails, nothing has changed. */
  protected moveTo(all: readonly AssignedPartition[], to: StartPosition, finish?: () => void): void {
    const before = all.map((assigned) => {
      return { assigned, gone: assigned.gone, moveBack: assigned.reader.remember() };
    });
    try {
      for (const assigned of all) {
        assigned.gone = undefined;
        try {
          assigned.reader.seek(to);
        } catch (error) {
          if (!(error instanceof EventGoneError)) throw error;
          assigned.gone = passGone(assigned, error);
        }
      }
      finish?.();
    } catch (error) {
      for (const { assigned, gone, moveBack } of before) {
        moveBack();
        assigned.gone = gone;
      }
      throw error;
    }
  }

  protected hasNews(): boolean {
    try {
      for (const { reader, gone } of this.assignments.values()) {
        if (gone !== undefined || reader.hasNews()) return true;
      }
      return false;
    } catch {
      // The next read reports the error to a caller that can handle it.
      return true;
    }
  }

  #listen(): void {
    if (this.#stopListening.length > 0) return;
    this.#stopListening = this.listenTo(() => this.wake());
  }

  protected wake(): void {
    for (const look of [...this.#waits]) look();
  }

  /** Calls `wake` when there may be new events, until the returned functions are called. */
  protected listenTo(wake: () => void): (() => void)[] {
    return [...this.assignments.values()].map(({ partition }) => partition.appendSignal.listen(wake));
  }

  /** After a change of partitions: listens to the current ones, if it listens at all. */
  protected relisten(): void {
    const before = this.#stopListening;
    if (before.length === 0) return;
    this.#stopListening = [];
    // Before the old watches are stopped, so that partitions in both sets are watched without a gap.
    this.#listen();
    for (const stop of before) stop();
  }

  #stop(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
  }
}

/** Reads the requested partitions, without a group. */
export class FilesConsumer extends PartitionsConsumer<AssignedPartition> {
  readonly assigned: readonly number[];
  /** First acknowledgements: one listing of the folder serves those of all partitions. */
  readonly #first: StepsOfTurn;
  /** The first acknowledgement of each partition that is not stored yet. */
  readonly #storing = new Map<number, Promise<void>>();

  constructor(
    partitions: readonly Partition[],
    request: ConsumerRequest,
    positions: ConsumerPositions,
    private readonly group: Pick<Group, "enterAlone" | "leaveAlone">,
  ) {
    super(partitions, request, positions);
    this.assigned = request.partitions ?? partitions.map((_, index) => index);
    this.#first = new StepsOfTurn(() => positions.listed());
  }

  async open(): Promise<void> {
    // Once for all: their folder has files of each partition.
    const listed = this.positions.listed();
    for (const number of this.assigned) {
      // An attempt that failed may have found where to start: "latest" means the end at that moment.
      const known = this.assignments.get(number);
      const assigned = known ??
        assign(ofPartition(this.partitions, number), this.request, this.positions.cursor(number));
      const stored = assigned.cursor.read(listed.of(number));
      const id = stored === undefined ? undefined : confirmedId(assigned.partition, stored);
      if (id !== undefined) {
        assigned.stale = id < stored!.nextId ? stored : undefined;
        this.moveTo([assigned], { id });
      } else if (known === undefined) this.moveTo([assigned], this.request.from);
      this.begin(number, assigned);
    }
    await this.group.enterAlone(this.request.closing);
  }

  acknowledge(partition: number, nextId: number): void | Promise<void> {
    const assigned = this.assignments.get(partition)!;
    const { cursor, stale } = assigned;
    const position = this.positionOf(assigned, nextId);
    const before = this.#storing.get(partition);
    if (cursor.own?.isSyncDue === false && before === undefined) return cursor.acknowledge(position, stale);
    const storing = this.#storeFirst(before, partition, () => cursor.acknowledgeSteps(position, stale));
    this.#storing.set(partition, storing);
    return storing.finally(() => {
      if (this.#storing.get(partition) === storing) this.#storing.delete(partition);
    });
  }

  /** Stores one of the acknowledgements until the first is stored, after the one `before`. */
  async #storeFirst(
    before: Promise<void> | undefined,
    partition: number,
    steps: () => CursorSteps<void>,
  ): Promise<void> {
    // If that one failed, this one may succeed.
    await before?.catch(() => {});
    await this.#first.add(partition, steps());
    const own = this.assignments.get(partition)?.cursor.own;
    if (own?.isSyncDue === true) await this.syncs.add(own);
  }

  seek(partitions: readonly number[], to: StartPosition, store: boolean): Promise<void> {
    const all = partitions.map((partition) => this.assignments.get(partition)!);
    for (const { delivered } of all) delivered.clear();
    this.moveTo(all, to, () => {
      if (!store) return;
      this.positions.seek(all.map(targetOf));
      // The seek retired their files, so that the next acknowledgements are first ones.
      for (const { cursor } of all) cursor.close();
    });
    return Promise.resolve();
  }

  override close(): Promise<void> {
    this.group.leaveAlone();
    return super.close();
  }
}
