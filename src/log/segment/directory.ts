import {
  CorruptedLogError,
  type Damage,
  EventGoneError,
  LimitExceededError,
  StorageError,
  TopicDeletedError,
} from "../../errors.ts";
import { isMissing, listWith, type Storage, type StorageFile } from "../../storage/port.ts";
import { FileLock } from "../../storage/file_lock.ts";
import { encodeSegmentHeader, type SealedSegment } from "../format/segment_header.ts";
import { indexFrom, isSame, type Listing, listingOf, needsName } from "./listing.ts";
import { isBrokenLink, isGhost, type SegmentFolder, strangerAmong } from "./neighbours.ts";
import { Segment, segmentName } from "./segment_file.ts";
import { INDEX_INTERVAL_BYTES } from "./index.ts";
import { SegmentCache } from "./segment_cache.ts";
import { AppendSignal } from "./append_signal.ts";
import { dirname } from "node:path";

export interface PartitionOptions {
  storage: Storage;
  /** The folder of the segments; it must exist. */
  directory: string;
  topic: string;
  partition: number;
  /** Shared by all who have the folder open in this process; one of its own by default. */
  appendSignal?: AppendSignal;
  /** Bytes between two index entries; for tests. */
  indexIntervalBytes?: number | undefined;
  /** Take a lock around each append, for file systems whose appends are not atomic between machines. */
  useLocking?: boolean;
}

/** How often the folder is listed at most until two listings agree. */
const LISTINGS_MAX = 10;

/** How often work is repeated because segments are being removed. */
const ATTEMPTS_MAX = 20;

/** One partition's folder: its segments in order, opened as they are needed, made and removed. */
export class PartitionFolder {
  readonly storage: Storage;
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  readonly indexIntervalBytes: number;
  /** Wakes readers that wait for events. */
  readonly appendSignal: AppendSignal;
  readonly #lock: FileLock | undefined;
  /** A topic may have more partitions than a process may have files open: who is done closes those of its partition. */
  readonly segments = new SegmentCache();
  #listed: number[] = [];
  /** The result of the last `segmentIds`; empty if no two listings agreed. */
  #ids: readonly number[] = [];
  /** The first segment, once it is known not to be a ghost. */
  #firstChecked = -1;

  constructor(options: PartitionOptions) {
    this.storage = options.storage;
    this.directory = options.directory;
    this.topic = options.topic;
    this.partition = options.partition;
    this.indexIntervalBytes = options.indexIntervalBytes ?? INDEX_INTERVAL_BYTES;
    this.appendSignal = options.appendSignal ?? new AppendSignal(options.storage, options.directory);
    if (options.useLocking) this.#lock = new FileLock(options.storage, `${options.directory}.lock`);
  }

  /**
   * First ids of the segments that exist now, ascending.
   *
   * A listing is not atomic: a file that is made or removed meanwhile may be in it or not, so that it may have a later
   * segment and lack an earlier one that was made before it. A listing that differs from the last one is repeated
   * until two in a row agree. Then a segment that the first of them lacks did not exist when it ended, and because
   * segments are removed from the front alone, one that is missing between two others is really missing. A listing
   * that agrees with one of an earlier call must have a last segment that still exists: otherwise those that were made
   * since may have been removed while it was taken, and the next one made.
   */
  segmentIds(): number[] {
    let ids = this.listing().ids;
    let tries = 1;
    const isThere = () => ids.length > 0 && this.storage.stat(this.pathOf(ids.at(-1)!)) !== undefined;
    const isSure = () => isSame(ids, this.#listed) && (tries > 1 || isThere());
    for (; tries < LISTINGS_MAX && !isSure(); tries++) {
      this.#listed = ids;
      ids = this.listing().ids;
    }
    const [first, second] = ids;
    if (second !== undefined && first !== this.#firstChecked) {
      if (isGhost(this.#folder, first!, second)) ids = ids.slice(1);
      else this.#firstChecked = first!;
    }
    for (const [index, nextId] of ids.slice(1).entries()) {
      const segment = this.segments.known(ids[index]!);
      if (segment !== undefined) segment.endId = nextId;
    }
    this.#ids = tries < LISTINGS_MAX ? ids : [];
    return ids.slice();
  }

  /**
   * The first segment that begins with an id or after it, the one before it and the one after it. The folder is listed
   * only if the last listing does not say: segments are made at the end and removed from the front, so that what
   * is between two others stays as it is, and opening one that was removed meanwhile fails.
   */
  segmentFrom(id: number): Record<"before" | "baseId" | "nextId", number | undefined> {
    let ids = this.#ids;
    let index = indexFrom(ids, id);
    const isKnown = index + 1 < ids.length && (index > 0 || ids[index] === id);
    if (!isKnown) {
      ids = this.segmentIds();
      index = indexFrom(ids, id);
    }
    return { before: ids[index - 1], baseId: ids[index], nextId: ids[index + 1] };
  }

  /** The first id that exists, 0 in a partition that was never written to. */
  firstId(): number {
    return this.segmentIds()[0] ?? 0;
  }

  listing(): Listing {
    return listingOf(this.names());
  }

  /** The names in the folder. */
  names(): string[] {
    try {
      return listWith(this.storage, this.directory, segmentName(this.#listed.at(-1) ?? 0));
    } catch (error) {
      throw isMissing(error) ? missingFolder(this) : error;
    }
  }

  segment(baseId: number, endId?: number): Segment {
    const make = () => this.checked(this.openAnew(baseId));
    const segment = this.segments.use(baseId, make);
    if (endId !== undefined) segment.endId = endId;
    return segment;
  }

  /** A segment that its caller closes; with `file`, an open file of it is used. */
  openAnew(baseId: number, file?: StorageFile): Segment {
    return new Segment(this.storage, this.pathOf(baseId), { partition: this.partition, baseId }, file);
  }

  /** Whether two segments that lie beside each other were not written so, and neither of them was refused. */
  isBroken(...ids: [earlierId: number, laterId: number]): boolean {
    return isBrokenLink({ ...this.#folder, ids }) && ids.every((id) => !this.segment(id).isUnreadable);
  }

  /** The same segment, refused if the segments beside it say that it is another topic's. */
  checked(segment: Segment): Segment {
    const reason = segment.isUnreadable ? undefined : strangerAmong(this.#folder, segment);
    if (reason !== undefined) segment.refuse(reason);
    return segment;
  }

  /**
   * An open segment that holds data of event `id`. Throws `EventGoneError`, which says where reading goes on, when
   * the segment was removed from the front, and `CorruptedLogError` when it is missing among those that are there.
   */
  segmentOf(baseId: number, id: number): Segment {
    try {
      const segment = this.segment(baseId);
      void segment.file;
      return segment;
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.segments.release(baseId);
      const firstId = this.firstId();
      if (firstId > id) throw new EventGoneError(this.partition, id, firstId);
      if (firstId > baseId) throw new EventGoneError(this.partition, id, id + 1, "data");
      const reason = "the segment with its data is missing";
      throw this.corrupted({ firstId: id, endId: id + 1, file: this.pathOf(baseId), offset: 0, reason });
    }
  }

  /** The error for damage in one of the files. */
  corrupted(damage: Omit<Damage, "topic" | "partition">): CorruptedLogError {
    return new CorruptedLogError({ topic: this.topic, partition: this.partition, ...damage });
  }

  /** Whether appends of several machines need a lock here. */
  get isLocking(): boolean {
    return this.#lock !== undefined;
  }

  /** Runs an append under the lock, if locking is on. */
  alone<T>(append: () => T): T {
    if (this.#lock === undefined) return append();
    try {
      return this.#lock.hold(append);
    } catch (error) {
      // The lock's folder may be missing because the whole topic is: listing the partition says so.
      if (isMissing(error)) this.segmentIds();
      throw error;
    }
  }

  /**
   * Makes the segment that begins with this id, unless another process has; returns whether it did. `after` is the one
   * that it follows, which must still be the last one. Otherwise a writer that was stopped for long would make a segment
   * again that was filled and removed meanwhile, or make it in a new topic of the same name.
   */
  createSegment(baseId: number, after?: SealedSegment): boolean {
    // No listing would have it, so that appending would go on for ever.
    if (!Number.isSafeInteger(baseId)) {
      throw new LimitExceededError(
        `Cannot append to "${this.directory}": its segments leave no id for another event; repair the topic`,
      );
    }
    const content = encodeSegmentHeader({
      partition: this.partition,
      salt: this.storage.random32(),
      baseId,
      created: this.storage.now(),
      after,
    });
    for (let attempt = 1;; attempt++) {
      try {
        return this.storage.publish(this.pathOf(baseId), content, { confirm: () => this.#isLast(after) });
      } catch (error) {
        if (!isMissing(error) || attempt === ATTEMPTS_MAX) throw error;
        // The folder was removed or replaced: the listing says so. If it was moved away and back, it is there again.
        this.segmentIds();
      }
    }
  }

  /** Whether this segment, by its name and salt, is the last one now; with undefined, whether the folder has none. */
  #isLast(segment: { baseId: number; salt: number } | undefined): boolean {
    const last = this.segmentIds().pop();
    if (segment === undefined || last !== segment.baseId) return last === segment?.baseId;
    let there: Segment | undefined;
    try {
      there = this.openAnew(last);
      return there.salt === segment.salt;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    } finally {
      there?.close();
    }
  }

  /**
   * Records that events of one segment have data in an older one, which retention then keeps. The record is a file name,
   * the dependency marker, because retention lists the folder anyway. Returns its path.
   */
  keepForSegment(baseId: number, neededBaseId: number): string {
    const path = `${this.directory}/${needsName(baseId, neededBaseId)}`;
    this.storage.publish(path, new Uint8Array(0));
    return path;
  }

  /** The path of the segment that begins with this id, whether or not it is there. */
  pathOf(baseId: number): string {
    return `${this.directory}/${segmentName(baseId)}`;
  }

  /** Size of a segment's file; 0 when it is gone. */
  bytesOf(baseId: number): number {
    return this.storage.stat(this.pathOf(baseId))?.bytes ?? 0;
  }

  /**
   * Runs work that reads several segments, and repeats it if one of them was removed between its listing and its
   * opening.
   */
  look<T>(work: () => T): T {
    for (let attempt = 1;; attempt++) {
      try {
        return work();
      } catch (error) {
        if (!isMissing(error) || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  close(): void {
    this.segments.close();
  }

  get #folder(): SegmentFolder {
    return { storage: this.storage, directory: this.directory, partition: this.partition, ids: this.#ids };
  }
}

/** Why a partition's folder is missing: a topic that is deleted is renamed first, as a whole. */
function missingFolder({ storage, directory, topic, partition }: PartitionFolder): Error {
  if (storage.stat(`${dirname(dirname(directory))}/topic.json`) === undefined) {
    return new TopicDeletedError(topic);
  }
  return new StorageError(
    "ENOTDIR",
    `Cannot use partition ${partition} of topic "${topic}": its folder "${directory}" is missing; ` +
      `restore it from a backup`,
  );
}
