import { type CorruptedLogError, EventGoneError, TopicDeletedError } from "../../errors.ts";
import { isMissing } from "../../storage/port.ts";
import type { StartPosition } from "../../contract.ts";
import { FLAG, KIND, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../format/bytes.ts";
import { intactHead } from "../segment/frame_check.ts";
import type { Partition } from "../partition.ts";
import { nextAhead, READ_AHEAD_BYTES, readWindow } from "../segment/window.ts";
import type { LogPosition, Segment } from "../segment/segment_file.ts";
import { endOfRun, StoredBatch, StoredTextBatch } from "./batch.ts";
import { isReadInPlace } from "./data.ts";
import { StoredFrame } from "./stored_frame.ts";
import { entryAt, type FrameEntry, positionAfter } from "../segment/entries.ts";

interface ReaderOptions {
  /** Whether data parts will be read: then frames are read whole. */
  dataWanted: boolean;
  onCorruption: "throw" | "skip";
  /** Called with damage that was skipped. */
  onDamage?: ((error: CorruptedLogError) => void) | undefined;
}

/** Larger frames have large data parts, which are read one by one: whole, the frame would not stay in the cache. */
const WHOLE_FRAME_BYTES_MAX = 2 * READ_AHEAD_BYTES;

/** How often a reader at the end checks whether a next segment exists, in case the end is damage. */
const RELIST_MS = 1000;

/** Reads one partition from a position on. */
export class PartitionReader {
  /** The frame boundary read next; undefined while the partition has no segment. */
  #position: LogPosition | undefined;
  /** Events below this id are skipped. */
  #fromId = 0;
  /** The frame read last, if not all of its events were returned yet. */
  #partial: { frame: StoredFrame; after: LogPosition } | undefined;
  #lastData: StoredFrame["data"] | undefined;
  #ahead = READ_AHEAD_BYTES / 2;
  #listedAt = 0;
  /** Where damage was seen last, and the file was opened again. */
  #lookedAgainAt: LogPosition | undefined;
  /** Size of the last segment when it was opened again because it did not end with a whole frame. */
  #reopenedSize = -1;
  /** The last segment, if it cannot be read and that was reported. */
  #unreadable: string | undefined;

  constructor(private readonly partition: Partition, private readonly options: ReaderOptions) {}

  /** Id of the event read next. */
  get position(): number {
    return Math.max(this.#fromId, this.#position?.id ?? 0);
  }

  /**
   * Moves to a position; an id after the end means the end. Throws `EventGoneError` if the event was removed. Where it
   * throws, it reads on as if nothing had been asked.
   */
  seek(to: StartPosition): void {
    const { partition } = this;
    const { position, id } = partition.look(() => partition.locate(to));
    this.#checkExists(id, position);
    this.#partial = undefined;
    this.#position = position;
    this.#fromId = id;
  }

  /** Remembers where it is; the returned function moves back there. */
  remember(): () => void {
    const [position, fromId] = [this.#position, this.#fromId];
    return () => {
      this.#partial = undefined;
      this.#position = position;
      this.#fromId = fromId;
    };
  }

  /** Whether there is something to read at the position. */
  hasNews(): boolean {
    return this.#look(() => this.#looksNew());
  }

  #looksNew(): boolean {
    if (this.#partial !== undefined) return true;
    const position = this.#positionNow();
    if (position === undefined) return false;
    const entry = entryAt(position, RECORD_BYTES);
    if (entry.kind === "end") return entry.terminal || this.#enterSegment(entry.id);
    return entry.kind !== "tail" || this.#nextSegmentShows();
  }

  /** The next events, at most `eventsMax`; undefined if there are none yet. */
  read(eventsMax: number): StoredBatch | undefined {
    return this.#look(() => this.#readNext(eventsMax));
  }

  #readNext(eventsMax: number): StoredBatch | undefined {
    for (;;) {
      const batch = this.#partial && this.#nextBatch(this.#partial, eventsMax);
      if (batch !== undefined) return batch;
      const position = this.#positionNow();
      if (position === undefined) return undefined;
      const entry = entryAt(position, this.#ahead);
      switch (entry.kind) {
        case "tail":
          if (position.segment.isUnreadable) this.#meetUnreadable(position);
          if (!this.#nextSegmentShows()) return undefined;
          break;
        case "end":
          if (entry.terminal) throw new TopicDeletedError(this.partition.topic);
          if (!this.#enterSegment(entry.id)) return undefined;
          break;
        case "gap":
          if (this.#looksAgain(position)) break;
          // Before the position there is damage if more of the file looked damaged until it was opened again.
          if (entry.endId > this.position) {
            const { path, isUnreadable, headerDamage } = position.segment;
            this.#meetDamage(path, entry, isUnreadable ? headerDamage! : "a frame is damaged or missing");
          }
          this.#position = positionAfter(entry);
          break;
        case "frame":
          this.#readFrame(position, entry);
      }
    }
  }

  /** Looks at the log; throws `EventGoneError` if what it reads was removed. */
  #look<T>(look: () => T): T {
    try {
      return look();
    } catch (error) {
      if (!isMissing(error)) throw error;
      const { partition, position } = this;
      const firstId = partition.firstId();
      if (firstId > position) throw new EventGoneError(partition.partition, position, firstId);
      const segment = this.#position?.segment;
      if (segment === undefined || segment.isThere) throw error;
      this.#leave(segment, firstId > segment.baseId ? position : segment.baseId);
      return this.#look(look);
    }
  }

  /** Leaves a segment that is not there any more. */
  #leave(segment: Segment, nextId: number): void {
    segment.close();
    this.partition.segments.release(segment.baseId);
    this.#position = this.#partial = undefined;
    this.#fromId = nextId;
  }

  #positionNow(): LogPosition | undefined {
    if (this.#position !== undefined) return this.#position;
    const position = this.partition.positionOfId(this.#fromId);
    this.#checkExists(this.#fromId, position);
    return this.#position = position;
  }

  /** Throws `EventGoneError` if the first segment, where its position is then, begins after an event. */
  #checkExists(id: number, position: LogPosition | undefined): void {
    const firstId = position?.segment.baseId ?? 0;
    if (id < firstId) throw new EventGoneError(this.partition.partition, id, firstId);
  }

  #readFrame(position: LogPosition, entry: FrameEntry): void {
    const { frame, endId } = entry;
    const after = positionAfter(entry);
    const isLost = (frame.flags & FLAG.lost) !== 0;
    if (frame.kind !== KIND.events || isLost || endId <= this.#fromId) {
      this.#position = after;
      return;
    }
    const { layout } = frame;
    // If data is wanted, frames are read whole, as long as the data is really used.
    const lastData = this.#lastData;
    const whole = this.options.dataWanted && lastData?.touched !== false &&
      layout.frameBytes <= WHOLE_FRAME_BYTES_MAX && !isReadInPlace(frame, lastData);
    const head = intactHead(entry, whole ? layout.frameBytes : layout.data);
    this.#ahead = nextAhead(layout.frameBytes, layout.data, whole);
    const stored = head < 0 ? undefined : new StoredFrame(this.partition, entry, head);
    if (stored?.addsUp !== true) {
      if (this.#looksAgain(position)) return;
      const reason = stored === undefined
        ? "metadata checksum differs"
        : "the sizes of its parts do not add up";
      this.#meetDamage(position.segment.path, entry, reason);
      this.#position = after;
      return;
    }
    this.#lastData = frame.dataBytes > 0 ? stored.data : undefined;
    this.#partial = { frame: stored, after };
  }

  /** Before damage at a position is believed: whether it is to be read once more, of the file as it is now. */
  #looksAgain(position: LogPosition): boolean {
    if (this.#lookedAgainAt === position) return false;
    this.#lookedAgainAt = position;
    return position.segment.reopen();
  }

  /** Some of a frame's events; undefined if none are left. */
  #nextBatch({ frame, after }: { frame: StoredFrame; after: LogPosition }, eventsMax: number) {
    const { segment, offset, id: baseId, frame: { count: frameCount } } = frame.entry;
    let [first, end] = this.#nextRun(frame, Math.max(0, this.#fromId - baseId), eventsMax);
    const metadata = first === end ? "" : frame.metadata(first, end - first);
    if (metadata === undefined) {
      const lost = { offset, id: baseId + first, endId: baseId + frameCount };
      this.#meetDamage(segment.path, lost, "metadata checksum differs");
      first = end = frameCount;
    }
    this.#fromId = baseId + end;
    if (end === frameCount) {
      this.#partial = undefined;
      this.#position = after;
    }
    if (metadata === undefined || first === end) return undefined;
    const { partition } = this.partition;
    const count = end - first;
    const hasMore = end < frameCount || readWindow.held(after.segment, after.offset) >= RECORD_BYTES;
    const Batch = frame.isText ? StoredTextBatch : StoredBatch;
    return new Batch(frame, metadata, { partition, baseId: baseId + first, first, count, hasMore });
  }

  /** The next run of events of a frame: if data is wanted, events whose data was lost are left out. */
  #nextRun(frame: StoredFrame, from: number, eventsMax: number): [first: number, end: number] {
    const { count } = frame.entry.frame;
    if (!frame.lacksData || !this.options.dataWanted) {
      return [from, endOfRun(frame.metadataStarts, from, Math.min(count, from + eventsMax))];
    }
    let first = from;
    while (first < count && frame.isDataLost(first)) first++;
    let end = first;
    while (end < count && end - first < eventsMax && !frame.isDataLost(end)) end++;
    return [first, endOfRun(frame.metadataStarts, first, end)];
  }

  /** At the end: whether a next segment exists, so that what is missing here was lost, or the segment was removed. */
  #nextSegmentShows(): boolean {
    const now = this.partition.storage.now();
    if (Math.abs(now - this.#listedAt) < RELIST_MS) return false;
    const segment = this.#position!.segment;
    // First, so that the next look fails too if it does: what this one throws may only wake who reads then.
    const next = this.partition.segmentIds().find((id) => id > segment.baseId);
    this.#listedAt = now;
    if (segment.file.size() < 0) {
      // Removed by hand. The next writer makes it again, with other events under the same ids.
      this.#leave(segment, segment.baseId);
      return true;
    }
    if (next === undefined) return this.#endIsOld();
    segment.endId = next;
    return true;
  }

  /** At bytes that are not a whole frame: whether they are looked at once more, unless the file has not grown since. */
  #endIsOld(): boolean {
    const { segment, offset } = this.#position!;
    const size = segment.file.size();
    if (size <= offset || size === this.#reopenedSize) return false;
    this.#reopenedSize = size;
    return segment.reopen();
  }

  /** Moves to the segment that begins with this id; false if it does not exist yet. */
  #enterSegment(baseId: number): boolean {
    const { partition } = this;
    // A segment that is not listed between two others is really missing: this does not rely on a single listing.
    const { before, baseId: nextId, nextId: endId } = partition.segmentFrom(baseId);
    if (nextId === undefined) return false;
    if (nextId > baseId && before === undefined) {
      throw new EventGoneError(partition.partition, baseId, nextId);
    }
    if (nextId > baseId) {
      const lost = { offset: 0, id: baseId, endId: nextId };
      this.#meetDamage(partition.pathOf(baseId), lost, "the segment is missing");
    }
    const segment = partition.segment(nextId, endId);
    this.#position = { segment, offset: SEGMENT_HEADER_BYTES, id: nextId };
    return true;
  }

  /** Reports, once, a last segment that cannot be read. */
  #meetUnreadable({ segment, id }: LogPosition): void {
    if (this.#unreadable === segment.path) return;
    this.#meetDamage(segment.path, { offset: 0, id, endId: id }, segment.headerDamage!);
    this.#unreadable = segment.path;
  }

  #meetDamage(file: string, lost: { offset: number; id: number; endId: number }, reason: string): void {
    const { offset, id: firstId, endId } = lost;
    const error = this.partition.corrupted({ firstId, endId, file, offset, reason });
    if (this.options.onCorruption === "throw") throw error;
    this.options.onDamage?.(error);
  }
}
