import { CorruptedLogError, EventGoneError, StorageError, TopicDeletedError } from "../errors.ts";
import type { StartPosition } from "../drivers/contract.ts";
import { DRAFT_SUFFIX, isMissing, type Storage } from "../storage/port.ts";
import { AppendLock } from "./append_lock.ts";
import { READ_AHEAD_BYTES } from "./read_window.ts";
import type { SegmentFacts } from "./retention.ts";
import { SEGMENT_HEADER_BYTES } from "./format.ts";
import {
  baseIdOf,
  encodeSegment,
  isSameSegment,
  type SealedSegment,
  Segment,
  segmentName,
} from "./segment.ts";
import { INDEX_INTERVAL_BYTES, SegmentIndex } from "./segment_index.ts";
import { Tail } from "./tail.ts";
import { passAt, type Place, placeAfter } from "./walk.ts";

/** What a partition is opened with. */
export interface PartitionOptions {
  storage: Storage;
  /** The folder that holds the segments; it must be there. */
  directory: string;
  topic: string;
  partition: number;
  /** Shared by all who have the folder open in this process; one of its own by default. */
  tail?: Tail;
  /** Bytes between two index entries; for tests. */
  indexIntervalBytes?: number;
  /** Take a lock around each append, for file systems whose appends are not atomic between machines. */
  useLocking?: boolean;
}

/** How often the folder is listed at most until two listings agree. */
const LISTINGS_MAX = 10;

/** How often a look at several segments begins anew because one of them was removed. */
const LOOKS_MAX = 20;

/** A draft this old was left by a process that was killed. */
const DRAFT_AGE_MS_MAX = 3_600_000;

/** Segments whose files stay open; readers and writers of one partition rarely need more at once. */
const OPEN_SEGMENTS_MAX = 4;

/** One partition's folder: its segments in order, opened as they are needed. */
export class Partition {
  readonly storage: Storage;
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  readonly indexIntervalBytes: number;
  /** Where readers wait for events, and writers tell them. */
  readonly tail: Tail;
  readonly #lock: AppendLock | undefined;
  #segments = new Map<number, Segment>();
  /** What the last listing gave. */
  #listed: number[] = [];
  /** The first segment, once it is known to be no ghost. */
  #firstChecked = -1;

  constructor(options: PartitionOptions) {
    this.storage = options.storage;
    this.directory = options.directory;
    this.topic = options.topic;
    this.partition = options.partition;
    this.indexIntervalBytes = options.indexIntervalBytes ?? INDEX_INTERVAL_BYTES;
    this.tail = options.tail ?? new Tail(options.storage, options.directory);
    if (options.useLocking) this.#lock = new AppendLock(options.storage, `${options.directory}.lock`);
  }

  /**
   * First ids of the segments that are there now, ascending.
   *
   * A listing is no moment: what is made or removed meanwhile may be in it or not, so that a later segment may be
   * listed and an earlier one, made before it, be missed. Where a listing differs from the last one it is repeated
   * until two in a row agree. Then whatever the first of them lacked was not there when it ended, and segments go
   * from the front: one that is missing between two others is missing in truth.
   */
  segmentIds(): number[] {
    let ids = this.#list();
    for (let tries = 1; tries < LISTINGS_MAX && !isSame(ids, this.#listed); tries++) {
      this.#listed = ids;
      ids = this.#list();
    }
    this.#listed = ids;
    if (ids.length > 1 && ids[0] !== this.#firstChecked) {
      if (this.#isGhost(ids[0], ids[1])) ids = ids.slice(1);
      else this.#firstChecked = ids[0];
    }
    for (let index = 0; index + 1 < ids.length; index++) {
      const segment = this.#segments.get(ids[index]);
      if (segment !== undefined) segment.endId = ids[index + 1];
    }
    return ids.slice();
  }

  #list(): number[] {
    try {
      const names = this.storage.list(this.directory);
      return names.map(baseIdOf).filter((id) => id !== undefined).sort((a, b) => a - b);
    } catch (error) {
      if (isMissing(error)) throw new TopicDeletedError(this.topic);
      throw error;
    }
  }

  /**
   * Whether the first segment is one that a writer made again which was stopped just before it gave the segment
   * its name, while others made it, filled it, and retention removed it. It is empty although another follows, as
   * no segment of the log ever is, and not the one that was followed.
   */
  #isGhost(baseId: number, nextId: number): boolean {
    const bytes = this.storage.stat(this.#pathOf(baseId))?.bytes;
    if (bytes !== SEGMENT_HEADER_BYTES) return false;
    try {
      const { previous } = this.segment(nextId);
      return previous !== undefined && !isSameSegment(previous, this.segment(baseId));
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** The segment beginning with this id. */
  segment(baseId: number, endId?: number): Segment {
    let segment = this.#segments.get(baseId);
    if (segment === undefined) {
      segment = new Segment(this.storage, this.#pathOf(baseId), this.partition, baseId);
    } else {
      this.#segments.delete(baseId);
    }
    if (endId !== undefined) segment.endId = endId;
    this.#segments.set(baseId, segment);
    this.#closeOldest();
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
      if (!(error instanceof StorageError) || error.errno !== "ENOENT") throw error;
      this.#segments.delete(baseId);
      const { topic, partition } = this;
      const firstId = this.firstId();
      if (firstId > id) throw new EventGoneError(partition, id, firstId);
      if (firstId > baseId) throw new EventGoneError(partition, id, id + 1, "data");
      const reason = "the segment with its data is missing";
      const file = this.#pathOf(baseId);
      throw new CorruptedLogError({ topic, partition, firstId: id, endId: id + 1, file, offset: 0, reason });
    }
  }

  /** Closes a segment whose file is not the one of that name any more. */
  forget(segment: Segment): void {
    segment.close();
    if (this.#segments.get(segment.baseId) === segment) this.#segments.delete(segment.baseId);
  }

  /** Whether appends of several machines need a lock here. */
  get isLocking(): boolean {
    return this.#lock !== undefined;
  }

  /** Runs an append under the lock, where one is needed. */
  alone<T>(append: () => T): T {
    if (this.#lock === undefined) return append();
    try {
      return this.#lock.hold(append);
    } catch (error) {
      // The lock's folder may be missing because the whole topic is: listing the partition says so.
      if (error instanceof StorageError && error.errno === "ENOENT") this.segmentIds();
      throw error;
    }
  }

  /**
   * Makes the segment that begins with this id, unless another process has; `after` is the one it follows, which
   * must still be the last one. A writer that was stopped for long would otherwise make one again that was filled
   * and removed meanwhile, or put it into a new topic of the same name.
   */
  createSegment(baseId: number, after?: SealedSegment): void {
    const content = encodeSegment({
      partition: this.partition,
      salt: this.storage.random32(),
      baseId,
      created: this.storage.now(),
      after,
    });
    try {
      this.storage.publish(this.#pathOf(baseId), content, { confirm: () => this.#isLast(after) });
    } catch (error) {
      // The folder was replaced by another one, which the next listing shows.
      if (!isMissing(error)) throw error;
      this.segmentIds();
    }
  }

  /** Whether this segment, the very file, is the last one now; without one, whether there is none. */
  #isLast(segment: { baseId: number; salt: number } | undefined): boolean {
    const last = this.segmentIds().pop();
    if (segment === undefined || last !== segment.baseId) return last === segment?.baseId;
    let there: Segment | undefined;
    try {
      there = new Segment(this.storage, this.#pathOf(last), this.partition, last);
      return there.salt === segment.salt;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    } finally {
      there?.close();
    }
  }

  /**
   * Notes that events of one segment have data in an older one, so that retention keeps it. The note is a name in
   * the folder: retention lists the folder anyway.
   */
  keepForSegment(baseId: number, neededBaseId: number): void {
    this.storage.publish(`${this.directory}/${needsName(baseId, neededBaseId)}`, new Uint8Array(0));
  }

  /**
   * Runs a look at several segments, and again when another process's retention removed one of them after it was
   * listed: the next listing is without it.
   */
  look<T>(look: () => T): T {
    for (let attempt = 1;; attempt++) {
      try {
        return look();
      } catch (error) {
        if (!isMissing(error) || attempt === LOOKS_MAX) throw error;
      }
    }
  }

  /** What retention and descriptions need to know of every segment. */
  segmentFacts(): SegmentFacts[] {
    return this.look(() => this.#segmentFacts());
  }

  #segmentFacts(): SegmentFacts[] {
    const needs = oldestNeeded(this.storage.list(this.directory));
    const ids = this.segmentIds();
    return ids.map((baseId, index) => {
      const nextId = ids[index + 1];
      const isLast = nextId === undefined;
      const end = isLast ? this.end()! : undefined;
      return {
        baseId,
        endId: nextId ?? end!.id,
        bytes: this.bytesOf(baseId),
        newestTime: isLast ? this.newestTime(end!) : this.segment(nextId, ids[index + 2]).created,
        needsBaseId: needs.get(baseId) ?? baseId,
      };
    });
  }

  /**
   * The segment that holds an id, or the last one; undefined in a partition nobody wrote to. Whoever asks several
   * things at a time lists the segments once, and gives `ids` to each.
   */
  segmentFor(id: number, ids: readonly number[] = this.segmentIds()): Segment | undefined {
    let index = ids.length - 1;
    while (index > 0 && ids[index] > id) index--;
    return index < 0 ? undefined : this.segment(ids[index], ids[index + 1]);
  }

  /** First id that is there, 0 in a partition nobody wrote to. */
  firstId(): number {
    return this.segmentIds()[0] ?? 0;
  }

  /** The frame boundary where the frame with this id begins, or the end of what is there. */
  placeOfId(id: number, ids?: readonly number[]): Place | undefined {
    const segment = this.segmentFor(id, ids);
    if (segment === undefined) return undefined;
    const index = new SegmentIndex(this.storage, segment);
    return this.#walk(index, index.placeForId(id), (next) => next.endId > id);
  }

  /** The frame boundary of the first frame stored at or after a time (milliseconds since 1970). */
  placeOfTime(time: number): Place | undefined {
    const ids = this.segmentIds();
    if (ids.length === 0) return undefined;
    // Segments are made in the order of time: the last one made before it is where to look.
    let [low, high] = [0, ids.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.segment(ids[middle], ids[middle + 1]).created < time) low = middle;
      else high = middle - 1;
    }
    const segment = this.segment(ids[low], ids[low + 1]);
    const index = new SegmentIndex(this.storage, segment);
    const place = this.#walk(index, index.placeForTime(time), (next) => next.time >= time);
    const nextId = ids[low + 1];
    if (nextId === undefined || place.id < nextId) return place;
    return { segment: this.segment(nextId, ids[low + 2]), offset: 64, id: nextId };
  }

  /** The end: behind the last whole frame of the last segment. */
  end(ids?: readonly number[]): Place | undefined {
    return this.placeOfId(Number.MAX_SAFE_INTEGER, ids);
  }

  /** Time of the last event before a place in its segment, or 0 when there is none. */
  newestTime(end: Place): number {
    let time = 0;
    let place: Place = new SegmentIndex(this.storage, end.segment).placeForId(end.id);
    while (place.offset < end.offset) {
      const passed = passAt(place, READ_AHEAD_BYTES / 16);
      if (passed.kind === "tail" || passed.kind === "end") break;
      if (passed.kind === "frame" && passed.frame.count > 0) time = passed.frame.time;
      place = placeAfter(place.segment, passed);
    }
    return time;
  }

  /** Time of the event with this id, in milliseconds since 1970; undefined when it is not there or is damaged. */
  timeOf(id: number, ids?: readonly number[]): number | undefined {
    const place = this.placeOfId(id, ids);
    if (place === undefined) return undefined;
    const passed = passAt(place, READ_AHEAD_BYTES / 16);
    return passed.kind === "frame" ? passed.frame.time : undefined;
  }

  /** The id a start position means now. */
  resolve(to: StartPosition): number {
    return this.look(() => this.#resolve(to));
  }

  #resolve(to: StartPosition): number {
    if (to === "earliest") return this.firstId();
    const endId = this.end()?.id ?? 0;
    if (to === "latest") return endId;
    if ("time" in to) return this.placeOfTime(Number(to.time))?.id ?? 0;
    return Math.min(to.id, endId);
  }

  /** Bytes of log between two places, counting segment headers and seals between them. */
  bytesBetween(from: Place, to: Place): number {
    let bytes = to.offset - from.offset;
    if (from.segment.baseId === to.segment.baseId) return bytes;
    for (const baseId of this.segmentIds()) {
      if (baseId < from.segment.baseId || baseId >= to.segment.baseId) continue;
      bytes += this.bytesOf(baseId);
    }
    return bytes;
  }

  /** Size of a segment's file; 0 when it is gone. */
  bytesOf(baseId: number): number {
    return this.storage.stat(this.#pathOf(baseId))?.bytes ?? 0;
  }

  /** Removes the first segment, and all that belongs to it or to segments before it. */
  removeSegment(baseId: number): void {
    this.#segments.get(baseId)?.close();
    this.#segments.delete(baseId);
    // The log first: an index without its segment harms no one.
    this.storage.remove(this.#pathOf(baseId));
    for (const name of this.storage.list(this.directory)) {
      const path = `${this.directory}/${name}`;
      if (Number(/^\d{20}(?=\.)/.exec(name)?.[0] ?? Infinity) > baseId) continue;
      // Another process may be about to publish its draft.
      if (name.endsWith(DRAFT_SUFFIX) && this.#ageOf(path) < DRAFT_AGE_MS_MAX) continue;
      this.storage.remove(path);
    }
  }

  #ageOf(path: string): number {
    const modified = this.storage.stat(path)?.modified;
    return modified === undefined ? 0 : Math.abs(this.storage.now() - modified);
  }

  /** Closes every file. */
  close(): void {
    for (const segment of this.#segments.values()) segment.close();
    this.#segments.clear();
  }

  #pathOf(baseId: number): string {
    return `${this.directory}/${segmentName(baseId)}`;
  }

  /** From where the index leads to, which is far away where it lacks entries: they are added. */
  #walk(
    index: SegmentIndex,
    from: Place,
    reached: (next: { endId: number; time: number }) => boolean,
  ): Place {
    try {
      return this.#walkOn(index, from, reached);
    } finally {
      index.close();
    }
  }

  #walkOn(
    index: SegmentIndex,
    from: Place,
    reached: (next: { endId: number; time: number }) => boolean,
  ): Place {
    let place = from;
    for (let indexed = from.offset;;) {
      const passed = passAt(place, READ_AHEAD_BYTES / 16);
      if (passed.kind === "tail" || passed.kind === "end") return place;
      if (passed.kind === "frame") {
        if (passed.offset - indexed >= this.indexIntervalBytes && passed.damaged !== "header") {
          indexed = passed.offset;
          index.add(passed.frame, passed);
        }
        const endId = passed.id + passed.frame.count;
        if (passed.frame.count > 0 && reached({ endId, time: passed.frame.time })) return place;
      } else if (reached({ endId: passed.endId, time: -1 })) {
        return place;
      }
      place = placeAfter(place.segment, passed);
    }
  }

  #closeOldest(): void {
    let open = 0;
    for (const segment of this.#segments.values()) if (segment.isOpen) open++;
    for (const segment of this.#segments.values()) {
      if (open <= OPEN_SEGMENTS_MAX) return;
      if (!segment.isOpen) continue;
      segment.close();
      open--;
    }
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}

const NEEDS = /^(\d{20})\.needs-(\d{20})$/;

function needsName(baseId: number, neededBaseId: number): string {
  return `${segmentName(baseId).slice(0, -4)}.needs-${segmentName(neededBaseId).slice(0, -4)}`;
}

/** For each segment that needs an older one, the oldest, by the names in the folder. */
function oldestNeeded(names: readonly string[]): Map<number, number> {
  const needed = new Map<number, number>();
  for (const name of names) {
    const match = NEEDS.exec(name);
    if (match === null) continue;
    const [baseId, olderId] = [Number(match[1]), Number(match[2])];
    needed.set(baseId, Math.min(needed.get(baseId) ?? baseId, olderId));
  }
  return needed;
}

/** The oldest segment that must stay for this one's sake, by the names in the folder. */
export function neededBy(names: readonly string[], baseId: number): number {
  return oldestNeeded(names).get(baseId) ?? baseId;
}
