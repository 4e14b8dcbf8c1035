import type { OutgoingBatch } from "../../contract.ts";
import { LimitExceededError, StorageError, TopicDeletedError } from "../../errors.ts";
import { type IdleFiles, registerIdle, unregisterIdle } from "../../storage/idle_files.ts";
import { isMissing, type StorageFile } from "../../storage/port.ts";
import type { Extents } from "../format/frame_body.ts";
import { cutShort, fileRemoved, maybeStored } from "./append_errors.ts";
import { encodeEvents, encodePlain } from "./encoder.ts";
import { FLAG, KIND, OFFSETS_END, SEGMENT_HEADER_BYTES, type Signature } from "../format/bytes.ts";
import { core } from "../format/core/core.ts";
import { isCompletable } from "../segment/frame_end.ts";
import { CLOSING_KEEPER, type FileKeeper } from "./file_keeper.ts";
import { type FrameIdentity, type NotLanded, OpenSegment } from "./open_segment.ts";
import type { Partition } from "../partition.ts";
import type { FrameEntry } from "../segment/entries.ts";

/** A segment of this size is sealed, and the next one begun. */
export const SEGMENT_BYTES_DEFAULT = 128 * 1024 * 1024;

/** Leaves room for what is appended to a segment before its writers see that it is full. */
export const SEGMENT_BYTES_MAX = 2 ** 31;
/** How often a frame is written when the system splits its write, before the append fails. */
const CUT_WRITES_MAX = 3;
/** How often the last segment may be removed between its listing and its opening. */
const VANISHED_MAX = 100;

type Encode = (signature: Signature) => Uint8Array;
const SEAL: Encode = (signature) => encodePlain(KIND.seal, signature);
const TERMINAL_SEAL: Encode = (signature) => encodePlain(KIND.seal, signature, { flags: FLAG.terminal });

/**
 * Appends frames to a partition, concurrently with any number of other appenders in any number of processes, without a
 * lock: the kernel orders the frames, and the position of a frame gives its events their ids. After each write the
 * appender reads the offset where it expected its frame; if another frame came first, it reads on to its own.
 *
 * A frame has landed when its header and its trailer are where they must be. The header alone proves nothing: the
 * runtime continues a write that the system cut short with a second one, and another process's append may come
 * between the two.
 */
export class Appender implements IdleFiles {
  readonly #identity: FrameIdentity;
  #isAbandoned = false;
  #open: OpenSegment | undefined;
  /** Whether the open segment is in use. */
  #isBusy = false;

  /** `keeper` is given the files that are not appended to any more; by default they are closed. */
  constructor(
    private readonly partition: Partition,
    private readonly segmentBytesMax: number,
    private readonly keeper: FileKeeper = CLOSING_KEEPER,
  ) {
    const { storage } = partition;
    this.#identity = { nonceLow: storage.random32(), nonceHigh: storage.random32(), sequence: 0 };
  }

  /** Appends events; the operating system has them when this returns. */
  appendEvents(batch: OutgoingBatch): FrameEntry {
    const encode = (signature: Signature) => encodeEvents(batch, signature);
    return this.#append((open) => this.#land(open, encode));
  }

  /**
   * Appends an event whose data is in chunks. `mayGoInto` is asked before the frame is written, with the first id of the
   * segment, and for each further segment that it is tried in; false if it refuses one.
   */
  appendAfterChunks(
    event: OutgoingBatch,
    extents: Extents,
    mayGoInto: (segmentId: number) => boolean,
  ): FrameEntry | false {
    const encode = (signature: Signature) => encodeEvents(event, signature, extents);
    return this.#append((open) => mayGoInto(open.segment.baseId) && this.#land(open, encode));
  }

  /** Appends a piece of a large data part, ahead of its event; begins a segment if the last one lacks room for so many bytes. */
  appendChunk(data: readonly Uint8Array[], room?: number): FrameEntry {
    const encode = (signature: Signature) => encodePlain(KIND.chunk, signature, { data });
    const landing = this.#append((open) => this.#land(open, encode), room);
    if (landing.offset < OFFSETS_END) return landing;
    throw new LimitExceededError(
      `Cannot append to "${landing.segment.path}": several large data parts at once filled the segment; push them one after the other`,
    );
  }

  /** Ends the current segment, so that it can be removed; the next append begins a new one. */
  seal(): void {
    this.#alone(() => {
      const open = this.#openLast();
      if (open.hasEvents) this.#seal(open);
    });
  }

  /**
   * Seals the current segment if the last frame is after a hole: its ids rest on the hole having held no event, and a
   * later power cut could take what is appended next. The seal, which the same sync covers, states the ids.
   */
  sealAfterHole(): void {
    if (this.#open?.hasHole !== true) return;
    try {
      this.seal();
    } catch (error) {
      // What was appended is stored anyway; the next append seals the segment first.
      if (!(error instanceof StorageError || error instanceof TopicDeletedError)) throw error;
    }
  }

  /** Ends the partition for good, and closes the file: no later append, of any process, will be counted. */
  sealForever(): void {
    this.#alone(() => {
      try {
        // Another process may seal the segment first, and begin a next one: that one has to be ended, then.
        while (this.#land(this.#openLast(), TERMINAL_SEAL) === undefined);
      } catch (error) {
        // Another process has ended it.
        if (!(error instanceof TopicDeletedError)) throw error;
      } finally {
        this.close();
      }
    });
  }

  /** To be called after a failed sync, which leaves the file's content unknown: the next append begins a new segment. */
  abandonSegment(): void {
    this.#isAbandoned = true;
  }

  get file(): StorageFile | undefined {
    return this.#open?.file;
  }

  /** Closes the file; the next append finds the end of the log again. */
  close(): void {
    this.#open?.close();
    this.#open = undefined;
    unregisterIdle(this);
  }

  closeIdle(): boolean {
    const isFree = this.keeper.closeRetired();
    const open = this.#open;
    if (open === undefined || this.#isBusy || open.hasHole || !this.keeper.settle(open.file)) return isFree;
    this.close();
    return true;
  }

  #alone<T>(append: () => T): T {
    this.#isBusy = true;
    try {
      return this.partition.alone(append);
    } finally {
      this.#isBusy = false;
      if (this.#open !== undefined) registerIdle(this, this.partition.storage);
    }
  }

  /** Appends a frame by `land`, which gets each segment in turn until the frame has landed in one. */
  #append<T>(land: (open: OpenSegment) => T | undefined, room?: number): T {
    return this.#alone(() => {
      for (let cuts = 0;;) {
        const open = this.#openWithRoom(room);
        const landing = land(open);
        if (landing !== undefined) return landing;
        // Another process sealed the segment before the frame landed: the frame is discarded, and goes into the next one.
        // That process may have sealed it because of the piece of this frame that a full disk left; it would do so again.
        if (open.hasHole && ++cuts === CUT_WRITES_MAX) throw cutShort(open.file.path, cuts);
      }
    });
  }

  /** The last segment, neither full nor abandoned or in doubt, nor with a hole in it; a new one need not have the room. */
  #openWithRoom(bytes = 1): OpenSegment {
    for (let room = bytes;; room = 1) {
      const open = this.#openLast();
      const isLeft = this.#isAbandoned || open.hasHole || this.keeper.isInDoubt(open.file);
      if (open.end.offset + room <= this.segmentBytesMax && !isLeft) return open;
      // A segment without events is not sealed: the next one would have the same name.
      if (open.hasEvents) this.#seal(open);
      else if (!this.#isAbandoned) return open;
      // The failed sync does not cover what is appended to the file from now on, once it is opened again.
      else this.close();
      this.#isAbandoned = false;
    }
  }

  /** Writes a frame until it has landed; undefined when another process sealed the segment before. */
  #land(open: OpenSegment, encode: Encode): FrameEntry | undefined {
    for (let cuts = 1;; cuts++) {
      const outcome = this.#appendOnce(open, encode);
      if (outcome === "discarded") {
        this.close();
        return undefined;
      }
      if (outcome !== "cut") return outcome;
      if (cuts === CUT_WRITES_MAX) throw cutShort(open.file.path, cuts);
    }
  }

  #appendOnce(open: OpenSegment, encode: Encode): FrameEntry | NotLanded {
    const { storage, isLocking } = this.partition;
    const now = storage.now();
    open.newestTime = Math.max(now, open.newestTime);
    const frame = this.#encodeUncompletable(open, encode);
    const frameBytes = frame.byteLength;
    let written: number;
    try {
      written = open.file.append(frame);
    } catch (error) {
      // A runtime that continues a short write has written a part of it before the error.
      const failure = open.lacksTrailerAtMost(this.#identity, frameBytes) ? maybeStored(error) : error;
      this.close();
      throw failure;
    }
    if (isLocking) this.#syncUnderLock(open.file);
    // The rest cannot be appended, because other appends may have come between: readers skip the piece.
    if (written < frameBytes) return "cut";
    try {
      return open.find(this.#identity, frameBytes, now);
    } catch (error) {
      this.close();
      throw isMissing(error) ? error : maybeStored(error);
    }
  }

  /** The next machine that holds the lock may not see what is not on the server's disk yet. */
  #syncUnderLock(file: StorageFile): void {
    try {
      file.syncNow();
    } catch (error) {
      const failure = this.keeper.syncFailed(file, error);
      this.#isAbandoned = true;
      this.close();
      throw failure;
    }
  }

  /**
   * Encodes a frame whose last byte is not near to one of the header's magic: if it is cut short by a few bytes, the
   * frame that follows cannot complete it, nor look as if it was damaged there.
   */
  #encodeUncompletable(open: OpenSegment, encode: Encode): Uint8Array {
    this.#identity.sequence++;
    const frame = encode(this.#signature(open));
    while (isCompletable(frame[frame.byteLength - 1]!)) core.renumber(frame, ++this.#identity.sequence);
    return frame;
  }

  #signature({ segment, end, newestTime }: OpenSegment): Signature {
    return {
      salt: segment.salt,
      sequence: this.#identity.sequence,
      nonceLow: this.#identity.nonceLow,
      nonceHigh: this.#identity.nonceHigh,
      time: newestTime,
      // An anchor's offset has four bytes: for larger offsets the start of the segment is the anchor.
      anchorId: end.offset < OFFSETS_END ? end.id : segment.baseId,
      anchorOffset: end.offset < OFFSETS_END ? end.offset : SEGMENT_HEADER_BYTES,
    };
  }

  /** The last segment; opened if this appender has none open. */
  #openLast(): OpenSegment {
    const { partition } = this;
    for (let vanished = 0; this.#open === undefined;) {
      const lastId = partition.segmentIds().at(-1);
      if (lastId === undefined) {
        partition.createSegment(0);
        continue;
      }
      let open: OpenSegment;
      try {
        open = new OpenSegment(partition, lastId, this.keeper);
      } catch (error) {
        // Another process may have sealed and removed it after it was listed: the next listing lacks it.
        if (!isMissing(error) || ++vanished === VANISHED_MAX) throw error;
        continue;
      }
      if (open.seal === undefined) this.#open = open;
      else this.#begin(open, open.seal);
    }
    return this.#open;
  }

  #seal(open: OpenSegment): void {
    const landing = this.#land(open, SEAL);
    // Otherwise another process's seal came first: the next append finds it.
    if (landing === undefined || this.#begin(open, landing)) return;
    // Retention removes no segment that is the last one, but a program or a person may: its events are gone.
    const lastId = this.partition.segmentIds().at(-1) ?? -1;
    if (lastId < open.segment.baseId) throw fileRemoved(open.file.path);
  }

  /** Begins the segment after a sealed one, which is closed; returns whether it is this appender that made it. */
  #begin(sealed: OpenSegment, seal: { id: number; offset: number }): boolean {
    const { baseId, salt } = sealed.segment;
    this.#open = undefined;
    sealed.close();
    return this.partition.createSegment(seal.id, { baseId, sealOffset: seal.offset, salt });
  }
}
