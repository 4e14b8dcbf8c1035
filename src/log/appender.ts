import { core } from "./core.ts";
import { LimitExceededError, StorageError, TopicDeletedError } from "../errors.ts";
import type { OutgoingBatch } from "../drivers/contract.ts";
import type { StorageFile } from "../storage/port.ts";
import { encodeEvents, encodePlain, type Extents, type Signature } from "./encoder.ts";
import { FLAG, KIND, RECORD, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "./format.ts";
import { decodeRecord, type FrameRecord, HEADER_MAGIC_BYTES } from "./frame.ts";
import type { Partition } from "./partition.ts";
import { Segment, segmentName } from "./segment.ts";
import { SegmentIndex } from "./segment_index.ts";
import { passAt, type Place, placeAfter } from "./walk.ts";

/** A full segment is sealed and the next one begun. */
export const SEGMENT_BYTES_DEFAULT = 128 * 1024 * 1024;

/** Offsets of chunks, anchors and index entries have four bytes. */
const OFFSETS_END = 2 ** 32;

/** Leaves room for what is appended to a segment before its writers see that it is full. */
export const SEGMENT_BYTES_MAX = 2 ** 31;

/** How long a file may be gone (somebody removed it by hand) before a push notices. */
const LOST_FILE_CHECK_MS = 10;

/** How often a write that the system cut short is tried again before it counts as failed. */
const SHORT_WRITES_MAX = 3;

/** Where a frame landed. */
export interface Landing {
  segment: Segment;
  offset: number;
  endOffset: number;
  /** Id of its first event. */
  id: number;
}

/**
 * Appends frames to a partition, beside any number of other appenders in any number of processes and without
 * a lock: the kernel puts the frames in an order, and where a frame stands gives its events their ids. After
 * each write the appender looks at the place where it expected its frame; when another one came between,
 * it walks from there to its own.
 */
export class Appender {
  readonly #nonceLow: number;
  readonly #nonceHigh: number;
  #sequence = 0;
  #time = 0;
  #lostFileCheckedAt = 0;
  #indexedOffset = 0;
  #isAbandoned = false;
  /** The end of the log as far as this appender knows. */
  #end: Place | undefined;
  #file: StorageFile | undefined;
  #index: SegmentIndex | undefined;

  /** `retire` takes over a file that is not appended to any more; by default it is closed. */
  constructor(
    private readonly partition: Partition,
    private readonly segmentBytesMax: number,
    private readonly retire: (file: StorageFile) => void = (file) => file.close(),
  ) {
    const { storage } = partition;
    this.#nonceLow = storage.random32();
    this.#nonceHigh = storage.random32();
  }

  /** Appends events; they are with the operating system when this returns. */
  appendEvents(batch: OutgoingBatch, extents?: Extents): Landing {
    return this.partition.alone(() => this.#append((signature) => encodeEvents(batch, signature, extents)));
  }

  /** Appends a piece of a large data part, ahead of the event it belongs to. */
  appendChunk(data: readonly Uint8Array[]): Landing {
    const landing = this.partition.alone(() =>
      this.#append((signature) => encodePlain(KIND.chunk, signature, { data }))
    );
    if (landing.offset < OFFSETS_END) return landing;
    throw new LimitExceededError(
      `Cannot append to "${landing.segment.path}": several large data parts at once filled the segment; push them one after the other`,
    );
  }

  /** Ends the current segment, so that it can be removed; the next append begins a new one. */
  seal(): void {
    this.partition.alone(() => {
      const end = this.#open();
      if (hasEvents(end)) this.#seal(end, 0);
    });
  }

  /** Ends the partition for good: no later append, of any process, will be counted. */
  sealForever(): void {
    this.partition.alone(() => this.#seal(this.#open(), FLAG.terminal));
  }

  /** After the file failed in a way that leaves what it holds in doubt: the next append begins a new segment. */
  abandonSegment(): void {
    this.#isAbandoned = true;
  }

  /** The file appended to now. */
  get file(): StorageFile | undefined {
    return this.#file;
  }

  /** Gives the file up; the next append finds the end of the log anew. */
  close(): void {
    this.#closeFile();
    this.#end = undefined;
  }

  /** First id of the segment that the next frame goes into, unless somebody seals it before. */
  nextSegmentId(): number {
    return this.partition.alone(() => this.#openWithRoom().segment.baseId);
  }

  #append(encode: (signature: Signature) => Uint8Array): Landing {
    for (;;) {
      const landing = this.#appendOnce(this.#openWithRoom(), encode);
      if (landing !== undefined) return landing;
      // Somebody sealed the segment before the frame landed: it is void, and goes into the next one.
    }
  }

  /** The end of the log, in a segment that is not full. */
  #openWithRoom(): Place {
    for (;;) {
      const end = this.#open();
      const isFull = end.offset >= this.segmentBytesMax || this.#isAbandoned;
      this.#isAbandoned = false;
      // A segment without events would leave its name to the next one: it goes on until it has one.
      if (!isFull || !hasEvents(end)) return end;
      this.#seal(end, 0);
    }
  }

  /** Writes a frame and finds it; undefined when it landed behind a seal. */
  #appendOnce(end: Place, encode: (signature: Signature) => Uint8Array): Landing | undefined {
    for (let attempt = 1;; attempt++) {
      const now = this.partition.storage.now();
      this.#time = Math.max(now, this.#time);
      const frame = this.#encodeUncompletable(end, encode);
      const frameBytes = frame.byteLength;
      let written: number;
      try {
        written = this.#file!.append(frame);
        // What is not on the server's disk yet, the next machine to have the lock may not see.
        if (this.partition.isLocking) this.#file!.syncNow();
      } catch (error) {
        this.#end = undefined;
        this.#closeFile();
        throw error;
      }
      if (written === frameBytes) {
        this.#checkFileIsThere(now);
        return this.#find(end, frameBytes);
      }
      // The rest cannot be added, others may have come between: readers pass over the piece.
      if (attempt === SHORT_WRITES_MAX) {
        throw new StorageError(
          "ENOSPC",
          `Cannot append to "${end.segment.path}": the system took ${written} of ${frameBytes} bytes; make room and push again`,
          { canRetry: true },
        );
      }
    }
  }

  /**
   * Encodes a frame whose last byte is none of the header magic's: cut short by a few bytes, it cannot become
   * whole by the frame that follows.
   */
  #encodeUncompletable(end: Place, encode: (signature: Signature) => Uint8Array): Uint8Array {
    for (;;) {
      this.#sequence++;
      const frame = encode(this.#signature(end));
      if (!HEADER_MAGIC_BYTES.includes(frame[frame.byteLength - 1])) return frame;
    }
  }

  #signature(end: Place): Signature {
    return {
      salt: end.segment.salt,
      sequence: this.#sequence,
      nonceLow: this.#nonceLow,
      nonceHigh: this.#nonceHigh,
      time: this.#time,
      // An anchor has four bytes: behind them, the start of the segment serves as well.
      anchorId: end.offset < OFFSETS_END ? end.id : end.segment.baseId,
      anchorOffset: end.offset < OFFSETS_END ? end.offset : SEGMENT_HEADER_BYTES,
    };
  }

  #find(from: Place, frameBytes: number): Landing | undefined {
    const { segment } = from;
    if (this.#isOwnAt(from.offset)) {
      const frame = decodeRecord(core.view, core.slot);
      return this.#landed(segment, {
        offset: from.offset,
        endOffset: from.offset + frameBytes,
        id: from.id,
        frame,
      });
    }
    let place = from;
    for (;;) {
      const passed = passAt(place, Math.min(Math.max(frameBytes, 4096), 65536));
      if (passed.kind === "end") {
        this.#ended(segment, passed);
        return undefined;
      }
      if (passed.kind === "frame" && this.#isOwn(passed.frame)) {
        return this.#landed(segment, passed);
      }
      if (passed.kind === "tail") {
        this.#end = undefined;
        throw new StorageError(
          "EIO",
          `Cannot find the frame just appended to "${segment.path}": the file has lost it`,
        );
      }
      this.#time = Math.max(this.#time, passed.kind === "frame" ? passed.frame.time : 0);
      place = placeAfter(segment, passed);
    }
  }

  #landed(
    segment: Segment,
    found: { offset: number; endOffset: number; id: number; frame: FrameRecord },
  ): Landing {
    const { offset, endOffset, id, frame } = found;
    this.#end = { segment, offset: endOffset, id: id + frame.count };
    if (offset - this.#indexedOffset >= this.partition.indexIntervalBytes && offset < OFFSETS_END) {
      this.#indexedOffset = offset;
      this.#index!.add(frame, { offset, id });
    }
    this.partition.tail.notify();
    return { segment, offset, endOffset, id };
  }

  /** Reads the record at an offset into the core's slot and says whether it is the last one written. */
  #isOwnAt(offset: number): boolean {
    const at = core.slot;
    const got = this.#file!.readAt(core.u8.subarray(at, at + RECORD_BYTES), offset);
    if (got < RECORD_BYTES || !core.checkRecord(at, this.#end!.segment.salt, false)) return false;
    const { view } = core;
    return view.getUint32(at + RECORD.nonce, true) === this.#nonceLow &&
      view.getUint32(at + RECORD.nonce + 4, true) === this.#nonceHigh &&
      view.getUint32(at + RECORD.sequence, true) === this.#sequence;
  }

  #isOwn(frame: FrameRecord): boolean {
    return frame.nonceLow === this.#nonceLow && frame.nonceHigh === this.#nonceHigh &&
      frame.sequence === this.#sequence;
  }

  /** What is written to a file without a name is lost, and must not be called stored. */
  #checkFileIsThere(now: number): void {
    if (now - this.#lostFileCheckedAt < LOST_FILE_CHECK_MS && now >= this.#lostFileCheckedAt) return;
    this.#lostFileCheckedAt = now;
    if (this.#file!.size() >= 0) return;
    const { path } = this.#end!.segment;
    // A segment removed by retention is sealed, so its writers were turned away before; this one was just removed.
    const sealed = this.#find(this.#end!, RECORD_BYTES) === undefined;
    if (sealed) return;
    this.close();
    throw new StorageError("ENOENT", `Cannot append to "${path}": the file was removed`);
  }

  /** The end of the log, found by a walk when this appender does not know it. */
  #open(): Place {
    if (this.#end !== undefined) return this.#end;
    for (;;) {
      const { partition } = this;
      const ids = partition.segmentIds();
      if (ids.length === 0) {
        partition.createSegment(0);
        continue;
      }
      const baseId = ids[ids.length - 1];
      const path = `${partition.directory}/${segmentName(baseId)}`;
      this.#closeFile();
      this.#file = partition.storage.open(path, "append");
      // Its own view on the segment, through the file it appends to: finding a frame opens nothing, so that a
      // frame that was written never fails for want of files.
      const segment = new Segment(partition.storage, path, partition.partition, baseId, this.#file);
      segment.checkIsReadable(partition.topic);
      this.#index = new SegmentIndex(partition.storage, segment);
      let place = this.#index.placeForId(Number.MAX_SAFE_INTEGER);
      this.#indexedOffset = place.offset === SEGMENT_HEADER_BYTES ? 0 : place.offset;
      for (;;) {
        const passed = passAt(place, 65536);
        if (passed.kind === "end") {
          if (passed.terminal) throw new TopicDeletedError(partition.topic);
          partition.createSegment(passed.id, { baseId, sealOffset: passed.offset });
          break;
        }
        if (passed.kind === "tail") return this.#end = place;
        if (passed.kind === "frame") {
          this.#time = Math.max(this.#time, passed.frame.time);
          if (passed.offset - this.#indexedOffset >= this.partition.indexIntervalBytes) {
            this.#indexedOffset = passed.offset;
            this.#index.add(passed.frame, { offset: passed.offset, id: passed.id });
          }
        }
        place = placeAfter(segment, passed);
      }
    }
  }

  #seal(end: Place, flags: number): void {
    const landing = this.#appendOnce(end, (signature) => encodePlain(KIND.seal, signature, { flags }));
    // The walk ends at the first seal, ours or another's, and begins the next segment; this one stood where it was
    // expected, so that there was no walk.
    if (landing === undefined) return;
    this.#end = undefined;
    if ((flags & FLAG.terminal) === 0) {
      this.partition.createSegment(landing.id, { baseId: end.segment.baseId, sealOffset: landing.offset });
    }
  }

  #ended({ baseId }: Segment, passed: { id: number; offset: number; terminal: boolean }): void {
    this.#end = undefined;
    this.#closeFile();
    if (passed.terminal) throw new TopicDeletedError(this.partition.topic);
    this.partition.createSegment(passed.id, { baseId, sealOffset: passed.offset });
  }

  #closeFile(): void {
    this.#index?.close();
    this.#index = undefined;
    if (this.#file !== undefined) this.retire(this.#file);
    this.#file = undefined;
  }
}

function hasEvents({ segment, id }: Place): boolean {
  return id > segment.baseId;
}
