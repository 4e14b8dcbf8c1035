import { StorageError, TopicDeletedError } from "../../errors.ts";
import type { StorageFile } from "../../storage/port.ts";
import { core } from "../format/core/core.ts";
import { KIND, RECORD_BYTES, type Signature } from "../format/bytes.ts";
import { decodeRecord, type FrameRecord } from "../format/frame_header.ts";
import type { Partition } from "../partition.ts";
import { type LogPosition, oversizeOf, type Segment } from "../segment/segment_file.ts";
import { SegmentIndex } from "../segment/index.ts";
import {
  type EndEntry,
  entriesFrom,
  type Entry,
  entryAt,
  type FrameEntry,
  positionAfter,
} from "../segment/entries.ts";
import { counted } from "../../text/counted.ts";
import { fileRemoved } from "./append_errors.ts";
import type { FileKeeper } from "./file_keeper.ts";

/** How long a push may not notice that the file was removed by hand. */
const LOST_FILE_CHECK_MS = 10;

/** What identifies a frame in its segment. */
export type FrameIdentity = Pick<Signature, "nonceLow" | "nonceHigh" | "sequence">;

/** Why a frame did not land: its write was split by the system, or it came after a seal and is discarded. */
export type NotLanded = "cut" | "discarded";

/**
 * The last segment of a partition, open for appending, with its end as far as this process knows it. Finding a frame
 * opens no file, so that an append that was written does not fail for lack of file descriptors.
 */
export class OpenSegment {
  readonly segment: Segment;
  readonly file: StorageFile;
  /** The position after the last frame known. */
  end: LogPosition;
  /** The newest time in the segment up to the end: the next frame does not get an older one. */
  newestTime: number;
  /**
   * Whether there are bytes that nothing explains: a power cut destroyed frames, or a split write left its second part.
   * The ids after them are right if those bytes held no event. A second hole would leave the frames between the two
   * without known ids, so that nothing more is appended to this segment: its seal says what the ids are.
   */
  hasHole = false;
  /** The seal, if one was found: nothing after it counts. */
  seal: EndEntry | undefined;
  readonly #index: SegmentIndex;
  readonly #inode: number | undefined;
  #lostFileCheckedAt = 0;

  /** Opens the segment that begins with this id, and reads to its end or its seal. */
  constructor(private readonly partition: Partition, baseId: number, private readonly keeper: FileKeeper) {
    const { storage } = partition;
    const path = partition.pathOf(baseId);
    // Before it is opened, which fails if another topic takes the place of this one in between.
    this.#inode = storage.stat(path)?.inode;
    this.file = storage.open(path, "append");
    try {
      keeper.opened(this.file);
      this.segment = partition.checked(partition.openAnew(baseId, this.file));
      if (this.segment.isUnreadable) {
        const { headerDamage, previous } = this.segment;
        const reason = previous === undefined ? `${headerDamage}; repair the topic` : headerDamage!;
        throw partition.corrupted({ firstId: baseId, endId: baseId, file: path, offset: 0, reason });
      }
      this.#index = new SegmentIndex(this.segment, partition.indexIntervalBytes);
      const { time, ...end } = this.#index.positionForId(Number.MAX_SAFE_INTEGER);
      this.end = end;
      this.newestTime = time;
      this.#goToEnd();
      // What is appended there would not be found.
      const reason = this.seal === undefined ? oversizeOf(this.segment, this.end.offset) : undefined;
      if (reason !== undefined) {
        const { offset, id } = this.end;
        throw partition.corrupted({ firstId: id, endId: id, file: path, offset, reason });
      }
    } catch (error) {
      keeper.retire(this.file);
      throw error;
    }
  }

  /** A segment without events cannot be sealed: the next one would have the same name. */
  get hasEvents(): boolean {
    return this.end.id > this.segment.baseId;
  }

  close(): void {
    this.#index.close();
    this.keeper.retire(this.file);
  }

  /**
   * Finds where the frame just written landed. Its write has ended, so that the result is final. At the expected offset,
   * no other append came first. Otherwise reading on finds the frame, or a seal before it, or neither of them if the
   * system split the write and another append came between the parts.
   */
  find(identity: FrameIdentity, frameBytes: number, now: number): FrameEntry | NotLanded {
    const expected = this.end;
    let landed = this.#frameAtEnd(identity, frameBytes);
    while (landed === undefined) {
      const entry = this.#nextEntry(Math.min(Math.max(frameBytes, 4096), 65536));
      if (entry.kind === "end") return "discarded";
      if (entry.kind === "tail") {
        this.#checkIsWritten(expected.offset + frameBytes);
        return "cut";
      }
      if (entry.kind === "frame" && isOf(entry.frame, identity)) landed = entry;
      else this.end = positionAfter(entry);
    }
    this.#index.add(landed, this.newestTime);
    this.end = positionAfter(landed);
    // A sealed segment may be removed at any time.
    if (landed.frame.kind !== KIND.seal) this.#checkFileIsThere(now);
    this.partition.appendSignal.notify();
    return landed;
  }

  /**
   * Whether a frame whose write failed is there but for a part of its trailer. It counts as damaged there, with its events,
   * if what other writers leave of theirs fills the rest of its size.
   */
  lacksTrailerAtMost(identity: FrameIdentity, frameBytes: number): boolean {
    const bytes = frameBytes - RECORD_BYTES;
    if (this.file.size() - this.end.offset < bytes) return false;
    try {
      for (;;) {
        const { offset } = this.end;
        const entry = this.#nextEntry();
        const isThere = this.#read(core.slot, RECORD_BYTES, offset) &&
          isOf(decodeRecord(core.view, core.slot), identity);
        // What follows it within its size proves that it will never be more.
        if (isThere) return !(entry.kind === "gap" && entry.torn) && this.file.size() - offset >= bytes;
        if (entry.kind === "end" || entry.kind === "tail") return false;
        this.end = positionAfter(entry);
      }
    } catch (error) {
      // The file cannot be read, so that the frame may be there; after the end of the topic it does not count.
      return !(error instanceof TopicDeletedError);
    }
  }

  #goToEnd(): void {
    for (;;) {
      const entry = this.#nextEntry();
      if (entry.kind === "end" || entry.kind === "tail") return;
      if (entry.kind === "frame") this.#index.add(entry, this.newestTime);
      this.end = positionAfter(entry);
    }
  }

  #nextEntry(ahead?: number): Entry {
    const entry = entryAt(this.end, ahead);
    if (entry.kind === "frame") this.newestTime = Math.max(this.newestTime, entry.frame.time);
    this.hasHole ||= entry.kind === "gap" ? !entry.torn : entry.kind === "tail" && entry.isHole === true;
    if (entry.kind !== "end") return entry;
    if (entry.terminal) throw new TopicDeletedError(this.partition.topic);
    return this.seal = entry;
  }

  /**
   * The frame just written, if it is at the end, with its header and its trailer: both, because a write that was cut short
   * lacks a part of the trailer.
   */
  #frameAtEnd(identity: FrameIdentity, frameBytes: number): FrameEntry | undefined {
    const { segment, offset, id } = this.end;
    const header = core.slot;
    const endOffset = offset + frameBytes;
    // If the slot has no room for all of it, its two records.
    const isSmall = frameBytes <= core.slotBytes;
    const trailer = header + (isSmall ? frameBytes : 2 * RECORD_BYTES) - RECORD_BYTES;
    const isRead = isSmall
      ? this.#read(header, frameBytes, offset)
      : this.#read(header, RECORD_BYTES, offset) &&
        this.#read(trailer, RECORD_BYTES, endOffset - RECORD_BYTES);
    const { salt } = segment;
    // The checksum of the trailer, which the header equals: it is what a write lacks that was cut within its last bytes.
    const isWhole = isRead && core.checkRecord(trailer, salt, true) && core.sameFrame(header, trailer);
    if (!isWhole) return undefined;
    const frame = decodeRecord(core.view, header);
    if (!isOf(frame, identity)) return undefined;
    return { kind: "frame", segment, offset, endOffset, id, endId: id + frame.count, frame };
  }

  /** One read; if the system returns fewer bytes than there are, the search that follows finds the frame. */
  #read(at: number, bytes: number, offset: number): boolean {
    return this.file.readAt(core.u8.subarray(at, at + bytes), offset) === bytes;
  }

  /** Throws if the file was removed: what is written to it is lost. */
  #checkFileIsThere(now: number): void {
    if (Math.abs(now - this.#lostFileCheckedAt) < LOST_FILE_CHECK_MS) return;
    this.#lostFileCheckedAt = now;
    const { storage } = this.partition;
    const there = storage.stat(this.file.path);
    // Another file cannot have its number while this one is open; but not every file system has such numbers.
    if (there?.inode && there.inode === this.#inode) return;
    const isThere = there !== undefined && this.file.size() >= 0;
    if (isThere && there.inode === this.#inode) return;
    // A deleted topic, or one that was moved away, is renamed first, with its files: then this throws.
    this.partition.segmentIds();
    if (isThere) return;
    // If it was stored before its segment was removed.
    this.#checkIsSealed();
  }

  /**
   * Throws if a file that was removed has no seal, and so was not removed by retention. The seal was appended before the
   * removal that was noticed, so that this look cannot miss it.
   */
  #checkIsSealed(): void {
    for (const { kind } of entriesFrom(this.end, RECORD_BYTES)) {
      if (kind === "tail") throw fileRemoved(this.file.path);
    }
  }

  /** Throws unless the file has all bytes of what was appended. */
  #checkIsWritten(end: number): void {
    const size = this.file.size();
    // Sealed and removed since the end was looked for: the next attempt meets the seal.
    if (size < 0) return this.#checkIsSealed();
    if (size >= end) return;
    throw new StorageError(
      "EIO",
      `Cannot find the frame just appended to "${this.file.path}": the file was cut to ${
        counted(size, "byte")
      }`,
    );
  }
}

function isOf(frame: FrameRecord, { nonceLow, nonceHigh, sequence }: FrameIdentity): boolean {
  return frame.nonceLow === nonceLow && frame.nonceHigh === nonceHigh && frame.sequence === sequence;
}
