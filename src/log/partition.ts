import { EventGoneError, StorageError, TopicDeletedError } from "../errors.ts";
import type { Storage } from "../storage/port.ts";
import { READ_AHEAD_BYTES } from "./read_window.ts";
import { baseIdOf, encodeSegment, Segment, segmentName } from "./segment.ts";
import { SegmentIndex } from "./segment_index.ts";
import { Tail } from "./tail.ts";
import { passAt, type Place, placeAfter } from "./walk.ts";

/** What a partition is opened with. */
export interface PartitionOptions {
  storage: Storage;
  /** The folder that holds the segments; it must be there. */
  directory: string;
  topic: string;
  partition: number;
}

/** Segments whose files stay open; readers and writers of one partition rarely need more at once. */
const OPEN_SEGMENTS_MAX = 4;

/** One partition's folder: its segments in order, opened as they are needed. */
export class Partition {
  readonly storage: Storage;
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  /** Where readers wait for events, and writers tell them. */
  readonly tail: Tail;
  #segments = new Map<number, Segment>();

  constructor(options: PartitionOptions) {
    this.storage = options.storage;
    this.directory = options.directory;
    this.topic = options.topic;
    this.partition = options.partition;
    this.tail = new Tail(options.storage, options.directory);
  }

  /** First ids of the segments that are there now, ascending. */
  segmentIds(): number[] {
    let names: string[];
    try {
      names = this.storage.list(this.directory);
    } catch (error) {
      if (error instanceof StorageError && error.errno === "ENOENT") throw new TopicDeletedError(this.topic);
      throw error;
    }
    const ids = names.map(baseIdOf).filter((id) => id !== undefined).sort((a, b) => a - b);
    for (let index = 0; index + 1 < ids.length; index++) {
      const segment = this.#segments.get(ids[index]);
      if (segment !== undefined) segment.endId = ids[index + 1];
    }
    return ids;
  }

  /** The segment beginning with this id. */
  segment(baseId: number, endId?: number): Segment {
    let segment = this.#segments.get(baseId);
    if (segment === undefined) {
      segment = new Segment(this.storage, `${this.directory}/${segmentName(baseId)}`, this.partition, baseId);
    } else {
      this.#segments.delete(baseId);
    }
    if (endId !== undefined) segment.endId = endId;
    this.#segments.set(baseId, segment);
    this.#closeOldest();
    return segment;
  }

  /** An open segment for reading event `id`; throws `EventGoneError` when it was removed. */
  segmentOf(baseId: number, id: number): Segment {
    try {
      const segment = this.segment(baseId);
      void segment.file;
      return segment;
    } catch (error) {
      if (!(error instanceof StorageError) || error.errno !== "ENOENT") throw error;
      this.#segments.delete(baseId);
      throw new EventGoneError(this.partition, id, this.firstId());
    }
  }

  /** Makes the segment that begins with this id, unless somebody else has. */
  createSegment(baseId: number): void {
    const content = encodeSegment({
      partition: this.partition,
      salt: this.storage.random32(),
      baseId,
      created: this.storage.now(),
    });
    this.storage.publish(`${this.directory}/${segmentName(baseId)}`, content);
  }

  /** The segment that holds an id, or the last one; undefined in a partition nobody wrote to. */
  segmentFor(id: number): Segment | undefined {
    const ids = this.segmentIds();
    let index = ids.length - 1;
    while (index > 0 && ids[index] > id) index--;
    return index < 0 ? undefined : this.segment(ids[index], ids[index + 1]);
  }

  /** First id that is there, 0 in a partition nobody wrote to. */
  firstId(): number {
    return this.segmentIds()[0] ?? 0;
  }

  /** The frame boundary where the frame with this id begins, or the end of what is there. */
  placeOfId(id: number): Place | undefined {
    const segment = this.segmentFor(id);
    if (segment === undefined) return undefined;
    return this.#walk(new SegmentIndex(this.storage, segment).placeForId(id), (next) => next.endId > id);
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
    const place = this.#walk(new SegmentIndex(this.storage, segment).placeForTime(time), (next) => next.time >= time);
    const nextId = ids[low + 1];
    if (nextId === undefined || place.id < nextId) return place;
    return { segment: this.segment(nextId, ids[low + 2]), offset: 64, id: nextId };
  }

  /** The end: behind the last whole frame of the last segment. */
  end(): Place | undefined {
    return this.placeOfId(Number.MAX_SAFE_INTEGER);
  }

  /** Closes every file. */
  close(): void {
    this.tail.close();
    for (const segment of this.#segments.values()) segment.close();
    this.#segments.clear();
  }

  #walk(from: Place, reached: (next: { endId: number; time: number }) => boolean): Place {
    let place = from;
    for (;;) {
      const passed = passAt(place, READ_AHEAD_BYTES / 16);
      if (passed.kind === "tail" || passed.kind === "end") return place;
      if (passed.kind === "frame") {
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
