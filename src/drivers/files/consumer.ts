import { EventGoneError } from "../../errors.ts";
import { ofPartition } from "../../contract/partitions.ts";
import {
  confirmedId,
  type CursorFile,
  type Partition,
  PartitionReader,
  type Position,
  positionAt,
  type StoredBatch,
  type StoredPosition,
} from "../../log/mod.ts";
import type { PositionFiles } from "./layout.ts";
import type { ConsumerInterface, ConsumerRequest, IncomingBatch, StartPosition } from "../../contract.ts";
import { DeliveredFrames } from "./delivered_frames.ts";
import type { Group } from "./group.ts";
import { StepsOfTurn } from "./side_by_side.ts";

/** The folders are watched for this long after the last wait, since the next one usually follows soon. */
const LISTEN_LINGER_MS = 500;

export interface AssignedPartition {
  partition: Partition;
  reader: PartitionReader;
  cursor: CursorFile;
  delivered: DeliveredFrames;
  /** The stored position if it does not match the log: the next acknowledgement replaces it. */
  stale: StoredPosition | undefined;
  /** The requested position was removed: thrown once, by the next read. */
  gone: EventGoneError | undefined;
}

export function assign(
  partition: Partition,
  request: ConsumerRequest,
  cursor: CursorFile,
): AssignedPartition {
  const reader = new PartitionReader(partition, request);
  return { partition, reader, cursor, delivered: new DeliveredFrames(), stale: undefined, gone: undefined };
}

/**
 * Goes on with the first event that exists; the error says which, since more may have been removed meanwhile. Undefined
 * if the removal was withdrawn, because a writer needs what was to be removed: then it goes on where it was.
 */
function passGone(
  { reader }: AssignedPartition,
  { partition, id }: EventGoneError,
): EventGoneError | undefined {
  reader.seek("earliest");
  if (reader.position > id) return new EventGoneError(partition, id, reader.position);
  reader.seek({ id });
  return undefined;
}

/** Reads partitions of a topic under a consumer name. */
export abstract class PartitionsConsumer<P extends AssignedPartition> implements ConsumerInterface {
  abstract readonly assigned: readonly number[];
  protected readonly assignments: Map<number, P> = new Map();
  #stopListening: (() => void)[] = [];
  #linger: ReturnType<typeof setTimeout> | undefined;
  /** Callbacks of waits, called when there may be new events. */
  readonly #waits = new Set<() => void>();
  protected isClosed = false;

  constructor(
    protected readonly partitions: readonly Partition[],
    protected readonly request: ConsumerRequest,
    protected readonly cursorOf: (partition: number) => CursorFile,
    /** Lists the position files of this name. */
    protected readonly listed: () => PositionFiles,
  ) {}

  abstract open(): Promise<void>;

  abstract acknowledge(partition: number, nextId: number): void | Promise<void>;

  abstract seek(partition: number, to: StartPosition, store: boolean): Promise<void>;

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
        if (this.#waits.size === 0 && !this.isClosed) {
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
    for (const { cursor } of this.assignments.values()) cursor.close();
    this.assignments.clear();
    return Promise.resolve();
  }

  /** Moves to a position, and calls a function there. If either fails, nothing has changed. */
  protected moveTo(assigned: AssignedPartition, to: StartPosition, finish?: () => void): void {
    const { gone } = assigned;
    const moveBack = assigned.reader.remember();
    try {
      assigned.gone = undefined;
      try {
        assigned.reader.seek(to);
      } catch (error) {
        if (!(error instanceof EventGoneError)) throw error;
        assigned.gone = passGone(assigned, error);
      }
      finish?.();
    } catch (error) {
      moveBack();
      assigned.gone = gone;
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

  constructor(
    partitions: readonly Partition[],
    request: ConsumerRequest,
    cursorOf: (partition: number) => CursorFile,
    listed: () => PositionFiles,
    private readonly group: Pick<Group, "enterAlone" | "leaveAlone">,
  ) {
    super(partitions, request, cursorOf, listed);
    this.assigned = request.partitions ?? partitions.map((_, index) => index);
    this.#first = new StepsOfTurn(listed);
  }

  async open(): Promise<void> {
    // Once for all: their folder has files of each partition.
    const listed = this.listed();
    for (const number of this.assigned) {
      // An attempt that failed may have found where to start: "latest" means the end at that moment.
      const known = this.assignments.get(number);
      const assigned = known ??
        assign(ofPartition(this.partitions, number), this.request, this.cursorOf(number));
      const stored = assigned.cursor.read(listed.of(number));
      const id = stored === undefined ? undefined : confirmedId(assigned.partition, stored);
      if (id !== undefined) {
        assigned.stale = id < stored!.nextId ? stored : undefined;
        this.moveTo(assigned, { id });
      } else if (known === undefined) this.moveTo(assigned, this.request.from);
      this.assignments.set(number, assigned);
    }
    await this.group.enterAlone();
  }

  acknowledge(partition: number, nextId: number): void | Promise<void> {
    const assigned = this.assignments.get(partition)!;
    const { cursor, stale } = assigned;
    const position = this.positionOf(assigned, nextId);
    if (cursor.hasFile || this.#first.has(partition)) return cursor.acknowledge(position, stale);
    return this.#first.add(partition, cursor.acknowledgeSteps(position, stale));
  }

  seek(partition: number, to: StartPosition, store: boolean): Promise<void> {
    const assigned = this.assignments.get(partition)!;
    assigned.delivered.clear();
    this.moveTo(assigned, to, () => {
      if (store) assigned.cursor.seek(positionAt(assigned.partition, assigned.reader.position));
    });
    return Promise.resolve();
  }

  override close(): Promise<void> {
    this.group.leaveAlone();
    return super.close();
  }
}
