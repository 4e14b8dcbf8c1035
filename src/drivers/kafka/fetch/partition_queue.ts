import type { CorruptedLogError, Damage, NotSupportedError } from "../../../errors.ts";
import { EventGoneError } from "../../../errors.ts";
import { KafkaBatch, kafkaBatch, type LocatedRecord } from "./batch.ts";
import { unknownCompression } from "../client/failure.ts";
import { type FetchedPartition, type FetchedRecord, largestBatch, recordsOf } from "../format/fetched.ts";
import { LeaderEpochs } from "./leader_epochs.ts";
import { decodeRecord, type RecordFormat } from "../format/record.ts";

/** Several events, a damaged range, or one that was removed before it was fetched. */
type Item = KafkaBatch | { damage: CorruptedLogError; endId: number } | EventGoneError;

interface QueueSettings {
  partition: number;
  /** Where reading begins. */
  position: number;
  format: RecordFormat;
  /** Creates the error for records that are not events. */
  damageOf(damage: Pick<Damage, "firstId" | "endId" | "offset" | "reason">): CorruptedLogError;
  /** What fails if it cannot be read, after "Cannot". */
  what: string;
}

/** The events fetched from a partition and not yet read. */
export class PartitionQueue {
  readonly partition: number;
  #items: Item[] = [];
  /** Number of events of the first item that have been read. */
  #taken = 0;
  /** Fetched responses with unread events: one past the last offset of each, and its size. */
  #responses: { nextOffset: number; bytes: number }[] = [];
  #position: number;
  /** One past the last event that was read before the log was cut off, until it is read that far again. */
  #cutEnd = 0;
  /** Whether the next request says which leader stored the last fetched event, so that a cut is noticed. */
  #checksEpoch = true;
  /** The leaders that stored what was fetched. */
  readonly epochs: LeaderEpochs = new LeaderEpochs();
  /** The next offset to fetch. */
  fetchOffset: number;
  /** Average size of an event in the latest non-empty response, as transmitted; 0 before the first. */
  eventBytes = 0;
  /** Size of the largest batch in it. */
  batchBytes = 0;
  /** Number of the latest request with a response. */
  lastResponse = 0;
  /** Whether events are fetched from a follower, which may know fewer of them than the leader. */
  readsReplica = false;
  /** The high watermark in the latest response. */
  #highWatermark = 0;
  /** The same, or where the oldest open transaction begins. */
  #readableEnd = 0;
  /** The fetch offset at which a batch exceeded the high watermark of its response. */
  #beyondEndAt = -1;
  /** Whether the start position is known: it is not while the leader that knows it is unavailable. */
  hasPosition = true;
  /** Why it cannot be fetched, and since when; until its leader responds again. */
  trouble: { sinceMs: number; error: unknown } | undefined;
  /** Whether that takes longer than a change of leaders. */
  isUnavailable = false;
  /** Why the next events cannot be read here, though nothing is wrong with them. */
  #obstacle: NotSupportedError | undefined;
  #isObstacleReported = false;

  constructor(private readonly settings: QueueSettings) {
    this.partition = settings.partition;
    this.#position = this.fetchOffset = settings.position;
  }

  /** Id of the next event to be read. */
  get position(): number {
    return this.#position;
  }

  /** Whether a read has something to return or report. */
  get hasNews(): boolean {
    return this.#items.length > 0 || (this.#obstacle !== undefined && !this.#isObstacleReported);
  }

  /** Why what follows the fetched events cannot be read here, even later; until it is restarted elsewhere. */
  get obstacle(): NotSupportedError | undefined {
    return this.#obstacle;
  }

  /** Whether nothing comes from it for now, so that the others need not wait for it. */
  get isStopped(): boolean {
    return this.isUnavailable || (this.#obstacle !== undefined && !this.hasNews);
  }

  /** Number of responses with unread events. */
  get responses(): number {
    return this.#responses.length;
  }

  /** Their size, as transmitted. */
  get bytes(): number {
    return this.#responses.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Whether the latest response reached the end of what can be read, and the responding broker knows all events
   * below an id: missing ones do not exist. A response may also end with aborted transactions, or without any
   * events because those of other partitions filled it.
   */
  reaches(endId: number): boolean {
    return this.fetchOffset >= this.#readableEnd && (!this.readsReplica || this.#highWatermark >= endId);
  }

  /** The epoch of the last fetched event; -1 if it is unknown, or not to be checked now. */
  get fetchedEpoch(): number {
    return this.#checksEpoch ? this.epochs.before(this.fetchOffset) : -1;
  }

  /** The leader has everything that was fetched, but the broker that responded may lag: it is asked without. */
  trustOnce(): void {
    this.#checksEpoch = false;
  }

  /** Adds a response to a request from `fetchOffset`. */
  accept(answer: FetchedPartition): void {
    this.#checksEpoch = true;
    this.#highWatermark = Number(answer.highWatermark);
    // Brokers leave it at -1 for those who read uncommitted transactions, too.
    const committedEnd = Number(answer.lastStableOffset);
    this.#readableEnd = committedEnd >= 0 ? committedEnd : this.#highWatermark;
    const before = this.fetchOffset;
    let bytes = 0;
    let count = 0;
    for (const batch of answer.records ?? []) {
      bytes += batch.length;
      count += batch.lastOffsetDelta + 1;
      const reached = Number(batch.firstOffset) + batch.lastOffsetDelta + 1;
      if (reached <= this.fetchOffset || reached > Number(answer.highWatermark)) {
        // Leaders determine the high watermark before they read, so a response may contain later batches. The next
        // response has a high watermark that covers them.
        if (reached > this.fetchOffset && this.#beyondEndAt !== this.fetchOffset) {
          this.#beyondEndAt = this.fetchOffset;
          break;
        }
        // What follows is fetched again.
        this.#skipMisplaced(batch.lastOffsetDelta + 1, Number(answer.highWatermark));
        break;
      }
      if (batch.unknownCodec !== undefined) {
        this.#obstacle = unknownCompression(
          `${this.settings.what} from event ${this.fetchOffset} on`,
          batch.unknownCodec,
        );
        break;
      }
      const { records, nextOffset, fault } = recordsOf(batch, this.fetchOffset);
      if (fault !== undefined) this.#enqueueDamage(this.fetchOffset, nextOffset, fault, 0);
      this.#enqueue(records);
      // Where the epoch is, a batch in an older format has something else.
      this.epochs.add(fault === undefined ? batch.partitionLeaderEpoch : -1, this.fetchOffset, nextOffset);
      this.fetchOffset = nextOffset;
    }
    if (count > 0) this.eventBytes = bytes / count;
    this.batchBytes = largestBatch(answer) ?? this.batchBytes;
    if (this.fetchOffset > before) this.#responses.push({ nextOffset: this.fetchOffset, bytes });
    this.#skipEmpty();
  }

  /** The events at the position were removed or never existed. */
  lose(firstId: number): void {
    if (firstId > this.fetchOffset) {
      const last = this.#items.at(-1);
      // More was removed meanwhile.
      const { id } = last instanceof EventGoneError
        ? this.#items.pop() as EventGoneError
        : { id: this.fetchOffset };
      this.#items.push(new EventGoneError(this.partition, id, firstId));
    }
    this.fetchOffset = firstId;
    this.#skipEmpty();
  }

  /**
   * The next events; undefined if there are none. Throws `EventGoneError` and an obstacle once, and damage every time.
   */
  take(eventsMax: number, onDamage?: (error: CorruptedLogError) => void): KafkaBatch | undefined {
    for (;;) {
      const item = this.#items[0];
      if (item === undefined) return this.#reportObstacle();
      if (item instanceof KafkaBatch) return this.#takeFrom(item, eventsMax);
      if (item instanceof EventGoneError) {
        this.#drop(item.firstId);
        throw item;
      }
      if (onDamage === undefined) throw item.damage;
      this.#drop(item.endId);
      onDamage(item.damage);
    }
  }

  /** Restarts at another offset. */
  seek(position: number): void {
    this.epochs.clear();
    this.#cutEnd = 0;
    this.hasPosition = true;
    this.#restart(position);
  }

  /** The events from an id on are others now than those that were read or fetched. */
  cutOff(id: number): void {
    this.#cutEnd = Math.max(this.#cutEnd, this.#position);
    this.epochs.cutOff(id);
    this.#restart(Math.min(id, this.#position));
  }

  /** Whether the event before an id was read before the log was cut off, and no longer exists. */
  hasLost(nextId: number): boolean {
    return nextId > this.#position && nextId <= this.#cutEnd;
  }

  #reportObstacle(): undefined {
    if (this.#obstacle === undefined || this.#isObstacleReported) return;
    this.#isObstacleReported = true;
    throw this.#obstacle;
  }

  #restart(position: number): void {
    this.#obstacle = undefined;
    this.#isObstacleReported = false;
    this.#items = [];
    this.#responses = [];
    this.#taken = 0;
    this.#position = position;
    this.fetchOffset = position;
  }

  #takeFrom(batch: KafkaBatch, eventsMax: number): KafkaBatch {
    const count = Math.min(eventsMax, batch.count - this.#taken);
    const taken = batch.slice(this.#taken, count);
    const nextId = taken.baseId + count;
    if (this.#taken + count === batch.count) this.#drop(nextId);
    else {
      this.#taken += count;
      this.#position = nextId;
    }
    return taken;
  }

  #drop(nextId: number): void {
    this.#items.shift();
    this.#taken = 0;
    this.#position = nextId;
    this.#skipEmpty();
    for (let first; (first = this.#responses[0]) !== undefined && first.nextOffset <= this.#position;) {
      this.#responses.shift();
    }
  }

  /** Offsets without events (markers, removed records) are skipped as soon as they are next. */
  #skipEmpty(): void {
    if (this.#items.length > 0) return;
    this.#position = this.fetchOffset;
    this.#responses = [];
  }

  /** No checksum covers the first offset of a batch: if it is impossible, only this batch is lost. */
  #skipMisplaced(count: number, end: number): void {
    const nextId = Math.min(this.fetchOffset + count, end);
    this.#enqueueDamage(this.fetchOffset, nextId, "its first offset is wrong", 0);
    this.fetchOffset = nextId;
  }

  #enqueueDamage(firstId: number, endId: number, reason: string, offset: number): void {
    this.#items.push({ damage: this.settings.damageOf({ firstId, endId, reason, offset }), endId });
  }

  #enqueue(fetched: readonly FetchedRecord[]): void {
    const { partition, format } = this.settings;
    let records: LocatedRecord[] = [];
    let baseId = 0;
    let timestamp = 0;
    const end = (): void => {
      if (records.length > 0) this.#items.push(kafkaBatch({ partition, baseId, timestamp, records, format }));
      records = [];
    };
    for (const { offset, timestamp: time, value } of fetched) {
      const parts = decodeRecord(value, format);
      if (parts === undefined) {
        end();
        continue;
      }
      if ("reason" in parts) {
        end();
        this.#enqueueDamage(offset, offset + 1, parts.reason, parts.offset);
        continue;
      }
      if (records.length > 0 && (offset !== baseId + records.length || time !== timestamp)) end();
      if (records.length === 0) {
        baseId = offset;
        timestamp = time;
      }
      records.push({ value: value!, parts });
    }
    end();
  }
}
