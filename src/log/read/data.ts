import { blockChecksum } from "../format/core/block_checksum.ts";
import { core } from "../format/core/core.ts";
import { CorruptedLogError } from "../../errors.ts";
import { DATA_BLOCK_BYTES } from "../format/bytes.ts";
import type { Partition } from "../partition.ts";
import { copyOf, copyOfPart, unfilled } from "./part_memory.ts";
import { readFully, readWindow } from "../segment/window.ts";
import type { Segment } from "../segment/segment_file.ts";

/** Bytes read into the reader's own buffer and checked there, while they are in the processor's cache. */
const IN_PLACE_BYTES = 8 * DATA_BLOCK_BYTES;

/** Bytes that go through the core's memory at once: the copy finds in the processor's cache what was read and checked. */
const COPIED_BYTES = 4 * DATA_BLOCK_BYTES;

/** Blocks that are read and checked together where the data is read in order. */
const RUN_BLOCKS = 16;

/** A part of this size gets memory of its own; smaller ones share theirs with their neighbours. */
const OWN_MEMORY_BYTES = 16 * 1024;

/** Smaller parts are copied to buffers of the caller: one read of the whole frame costs less per byte than a read for each part. */
const GIVEN_BUFFER_BYTES = 2 * DATA_BLOCK_BYTES;

/**
 * Whether the parts of a frame go straight from the file to where they are wanted: where they fill a block or two on
 * average and can be checked there. What the core checks has to be in its memory, so that it is read to there, all at
 * once. `lastData`: of the frame before, whose use shows whether the caller gives buffers.
 */
export function isReadInPlace(
  { dataBytes, count }: { dataBytes: number; count: number },
  lastData: StoredData | undefined,
): boolean {
  const partBytes = lastData?.isCopied === true ? GIVEN_BUFFER_BYTES : DATA_BLOCK_BYTES;
  return dataBytes >= count * partBytes && blockChecksum.isOfAnyMemory;
}

/** Where a frame's data lies. */
interface DataSource {
  partition: Partition;
  /** The segment as it was when the frame was read: what the window holds of it needs no file. */
  segment: Segment;
  /** Offset of the first data byte in the segment. */
  offset: number;
  dataBytes: number;
  /** CRC-32 of each block. */
  sums: readonly number[];
}

/**
 * The data of one frame, each block checked before any of it is given out. What a reader has just read whole is
 * taken from the core's memory as long as it is there; else blocks are read from the file, those that are wanted
 * whole into the memory that they are for.
 */
export class StoredData {
  /** Blocks copied last: first byte (counted from the start of the data), and the bytes. */
  #held: { start: number; bytes: Uint8Array } | undefined;
  /** Where the last piece ended: the next one beginning here shows that it is read in order. -1: none was read yet. */
  #givenTo = -1;
  /** The blocks that were verified in the window, and which load of the window that was. */
  #checkedFrom = 0;
  #checkedTo = 0;
  #checkedLoad = -1;
  /** Whether any of it was requested. */
  touched = false;
  /** How much of it went to buffers of the caller. */
  #filledBytes = 0;
  /** The event that is read for: an error names it. */
  #id = 0;

  constructor(private readonly source: DataSource) {}

  /** Whether buffers of the caller were filled with most of it. */
  get isCopied(): boolean {
    return this.#filledBytes * 2 > this.source.dataBytes;
  }

  /** A range of the data of event `id`, checked; memory that no one writes to. */
  view(offset: number, size: number, id: number): Uint8Array {
    this.touched = true;
    this.#id = id;
    try {
      return this.#view(offset, size);
    } catch (error) {
      this.#reopen(error);
      return this.#view(offset, size);
    }
  }

  #view(offset: number, size: number): Uint8Array {
    // Other readers may come before the next piece is asked for: what goes on in order is kept.
    const ahead = offset === this.#givenTo ? RUN_BLOCKS * DATA_BLOCK_BYTES : 0;
    this.#givenTo = offset + size;
    const held = this.#held;
    if (held !== undefined && offset >= held.start && offset + size <= held.start + held.bytes.byteLength) {
      return held.bytes.subarray(offset - held.start, offset - held.start + size);
    }
    const start = Math.floor(offset / DATA_BLOCK_BYTES) * DATA_BLOCK_BYTES;
    let end = this.#endOfBlock(offset + size);
    let ptr = this.#inWindow(offset, size);
    if (ptr >= 0 && size >= OWN_MEMORY_BYTES) return copyOfPart(ptr + (offset - start), size);
    if (ptr < 0 && this.#wholeBlocks(offset, size) !== undefined) {
      const into = unfilled(size);
      this.#fill(offset, into);
      return into;
    }
    if (ptr < 0) {
      // Memory of its own: it keeps none of its neighbours' bytes.
      const isLarge = size >= DATA_BLOCK_BYTES;
      [ptr, end] = this.#load(start, end, isLarge ? end : Math.max(end, start + ahead));
      if (isLarge) return copyOf(ptr + (offset - start), size);
    }
    const bytes = copyOf(ptr, end - start);
    this.#held = { start, bytes };
    return bytes.subarray(offset - start, offset - start + size);
  }

  /** Fills a buffer with the data of event `id` from `offset` on, checked. Where that fails, it may hold some of it. */
  fill(offset: number, into: Uint8Array, id: number): void {
    const size = into.byteLength;
    this.touched = true;
    this.#id = id;
    this.#filledBytes += size;
    try {
      this.#fillOnce(offset, into);
    } catch (error) {
      this.#reopen(error);
      this.#fillOnce(offset, into);
    }
    this.#givenTo = offset + size;
  }

  /** Before damage is believed, it is looked at once more, in the file as it is now. Throws what is not damage. */
  #reopen(error: unknown): void {
    if (!(error instanceof CorruptedLogError && this.#segment.reopen())) throw error;
  }

  #fillOnce(offset: number, into: Uint8Array): void {
    const size = into.byteLength;
    const ptr = this.#inWindow(offset, size);
    if (ptr >= 0) {
      const from = ptr + (offset % DATA_BLOCK_BYTES);
      into.set(core.u8.subarray(from, from + size));
    } else if (size < OWN_MEMORY_BYTES) into.set(this.#view(offset, size));
    else this.#fill(offset, into);
  }

  /** Fills a buffer with what the window does not hold. */
  #fill(offset: number, into: Uint8Array): void {
    const size = into.byteLength;
    const blocks = this.#wholeBlocks(offset, size);
    if (blocks === undefined) this.#copyInto(offset, into);
    else {
      const { from, to } = blocks;
      this.#copyInto(offset, into.subarray(0, from - offset));
      this.#readInto(from, into.subarray(from - offset, to - offset));
      this.#copyInto(to, into.subarray(to - offset));
    }
  }

  /** The blocks that lie whole in a range and can be read to where they are wanted; undefined where that gains nothing. */
  #wholeBlocks(offset: number, size: number): { from: number; to: number } | undefined {
    if (!blockChecksum.isOfAnyMemory) return undefined;
    const end = offset + size;
    const from = this.#endOfBlock(offset);
    const to = end === this.source.dataBytes ? end : Math.floor(end / DATA_BLOCK_BYTES) * DATA_BLOCK_BYTES;
    return to - from >= OWN_MEMORY_BYTES ? { from, to } : undefined;
  }

  /** Fills a buffer by way of the core's memory. */
  #copyInto(offset: number, into: Uint8Array): void {
    const { byteLength } = into;
    for (let done = 0; done < byteLength;) {
      const from = offset + done;
      const start = Math.floor(from / DATA_BLOCK_BYTES) * DATA_BLOCK_BYTES;
      const left = byteLength - done;
      // A short rest goes with the piece before: it costs a read of a block.
      const size = left < COPIED_BYTES + DATA_BLOCK_BYTES ? left : start + COPIED_BYTES - from;
      let ptr = this.#inWindow(from, size);
      if (ptr < 0) {
        const end = this.#endOfBlock(from + size);
        [ptr] = this.#load(start, end, end);
      }
      const at = ptr + (from - start);
      into.set(core.u8.subarray(at, at + size), done);
      done += size;
    }
  }

  /** Reads whole blocks to where they are wanted, and checks them there. */
  #readInto(start: number, into: Uint8Array): void {
    const { offset, sums } = this.source;
    const segment = this.#segment;
    for (let done = 0; done < into.byteLength; done += IN_PLACE_BYTES) {
      const piece = into.subarray(done, done + IN_PLACE_BYTES);
      const at = offset + start + done;
      if (readFully(segment.file, piece, at) < piece.byteLength) {
        throw this.#corrupted(at, "data bytes are missing");
      }
      let block = (start + done) / DATA_BLOCK_BYTES;
      for (let from = 0; from < piece.byteLength; from += DATA_BLOCK_BYTES, block++) {
        const sum = blockChecksum.of(piece.subarray(from, from + DATA_BLOCK_BYTES));
        if (sum !== sums[block]) throw this.#differs(block);
      }
    }
  }

  /** Where the range's first block lies in the core's memory, its blocks checked; -1 when they are not there. */
  #inWindow(offset: number, size: number): number {
    const { dataBytes, offset: dataOffset, segment } = this.source;
    const firstBlock = Math.floor(offset / DATA_BLOCK_BYTES);
    const endBlock = Math.ceil((offset + size) / DATA_BLOCK_BYTES);
    const start = firstBlock * DATA_BLOCK_BYTES;
    const bytes = Math.min(endBlock * DATA_BLOCK_BYTES, dataBytes) - start;
    const ptr = readWindow.heldAt(segment, dataOffset + start, bytes);
    if (ptr < 0) return -1;
    if (
      this.#checkedLoad !== readWindow.loads || firstBlock < this.#checkedFrom || firstBlock > this.#checkedTo
    ) {
      this.#checkedLoad = readWindow.loads;
      this.#checkedFrom = this.#checkedTo = firstBlock;
    }
    const from = this.#checkedTo;
    if (endBlock > from) {
      const damaged = this.#firstDamaged(ptr + (from - firstBlock) * DATA_BLOCK_BYTES, from, endBlock);
      if (damaged >= 0) throw this.#differs(damaged);
      this.#checkedTo = endBlock;
    }
    return ptr;
  }

  /** Reads blocks into the core's memory and checks them: all of those up to `end`, and as many after it as are intact. */
  #load(start: number, end: number, endMax: number): [ptr: number, end: number] {
    const { dataBytes, offset } = this.source;
    const bytes = Math.min(endMax, dataBytes) - start;
    const ptr = readWindow.at(this.#segment, offset + start, bytes);
    if (ptr < 0) throw this.#corrupted(offset + start, "data bytes are missing");
    const endBlock = Math.ceil((start + bytes) / DATA_BLOCK_BYTES);
    const damaged = this.#firstDamaged(ptr, start / DATA_BLOCK_BYTES, endBlock);
    if (damaged < 0) return [ptr, start + bytes];
    const damagedAt = damaged * DATA_BLOCK_BYTES;
    if (damagedAt < end) throw this.#differs(damaged);
    return [ptr, damagedAt];
  }

  /** The first block whose checksum differs, or -1; `ptr` points at `firstBlock`. */
  #firstDamaged(ptr: number, firstBlock: number, endBlock: number): number {
    const { dataBytes, sums } = this.source;
    for (let block = firstBlock, at = ptr; block < endBlock; block++, at += DATA_BLOCK_BYTES) {
      const bytes = Math.min(DATA_BLOCK_BYTES, dataBytes - block * DATA_BLOCK_BYTES);
      if (blockChecksum.at(at, bytes) !== sums[block]) return block;
    }
    return -1;
  }

  #endOfBlock(offset: number): number {
    return Math.min(Math.ceil(offset / DATA_BLOCK_BYTES) * DATA_BLOCK_BYTES, this.source.dataBytes);
  }

  /** The segment as it is now. */
  get #segment(): Segment {
    return this.source.partition.segmentOf(this.source.segment.baseId, this.#id);
  }

  #differs(block: number): CorruptedLogError {
    return this.#corrupted(this.source.offset + block * DATA_BLOCK_BYTES, "data checksum differs");
  }

  #corrupted(offset: number, reason: string): CorruptedLogError {
    const { partition, segment: { path: file } } = this.source;
    const firstId = this.#id;
    return partition.corrupted({ firstId, endId: firstId + 1, file, offset, reason });
  }
}
