import { core } from "./core.ts";
import { CorruptedLogError } from "../errors.ts";
import { DATA_BLOCK_BYTES } from "./format.ts";
import type { Partition } from "./partition.ts";
import { readWindow } from "./read_window.ts";
import type { Segment } from "./segment.ts";

/** Blocks read and checked at once where somebody goes through the data in order. */
const RUN_BLOCKS = 16;

/** Where a frame's data lies. */
export interface DataSource {
  partition: Partition;
  segmentId: number;
  /** Offset of the first data byte in the segment. */
  offset: number;
  dataBytes: number;
  /** CRC-32 of each block. */
  sums: Uint32Array;
}

/** The event a piece of data is read for: named when the data is damaged. */
export interface Owner {
  id: number;
}

/** The data of one frame: read from the file block by block, each block checked before any of it is given out. */
export class StoredData {
  /** The blocks read last: first byte (counted from the start of the data), and the bytes. */
  #held: { start: number; bytes: Uint8Array } | undefined;
  /** Where the last view ended: the next one beginning here shows that somebody goes through in order. */
  #viewedTo = 0;
  /** Whether anybody asked for any of it. */
  touched = false;

  constructor(private readonly source: DataSource) {}

  /** All of it is in the core's memory at `ptr`: keeps a copy, unless some of it is damaged. */
  hold(ptr: number): void {
    const { dataBytes } = this.source;
    if (this.#firstDamagedBlock(ptr, 0, Math.ceil(dataBytes / DATA_BLOCK_BYTES)) < 0) {
      this.#held = { start: 0, bytes: core.u8.slice(ptr, ptr + dataBytes) };
    }
  }

  /** A range, checked; a view of memory that nobody writes to. */
  view(offset: number, size: number, owner: Owner): Uint8Array {
    this.touched = true;
    const held = this.#held;
    if (held !== undefined && offset >= held.start && offset + size <= held.start + held.bytes.byteLength) {
      this.#viewedTo = offset + size;
      return held.bytes.subarray(offset - held.start, offset - held.start + size);
    }
    const firstBlock = Math.floor(offset / DATA_BLOCK_BYTES);
    const inOrder = offset === this.#viewedTo;
    let endBlock = Math.ceil((offset + size) / DATA_BLOCK_BYTES);
    if (inOrder) endBlock = Math.max(endBlock, firstBlock + RUN_BLOCKS);
    const bytes = this.#load(firstBlock, endBlock, owner);
    const start = firstBlock * DATA_BLOCK_BYTES;
    this.#held = { start, bytes };
    this.#viewedTo = offset + size;
    return bytes.subarray(offset - start, offset - start + size);
  }

  #load(firstBlock: number, endBlock: number, owner: Owner): Uint8Array {
    const { dataBytes, offset, partition, segmentId } = this.source;
    const start = firstBlock * DATA_BLOCK_BYTES;
    const bytes = Math.min(endBlock * DATA_BLOCK_BYTES, dataBytes) - start;
    const segment = partition.segmentOf(segmentId, owner.id);
    const ptr = readWindow.at(segment, offset + start, bytes, bytes);
    if (ptr < 0) throw this.#corrupted(segment, owner, offset + start, "data bytes are missing");
    const damaged = this.#firstDamagedBlock(ptr, firstBlock, Math.ceil(bytes / DATA_BLOCK_BYTES));
    if (damaged >= 0) {
      throw this.#corrupted(segment, owner, offset + damaged * DATA_BLOCK_BYTES, "data checksum differs");
    }
    return core.u8.slice(ptr, ptr + bytes);
  }

  /** The first block whose checksum differs, or -1; `ptr` points at the first block asked for. */
  #firstDamagedBlock(ptr: number, firstBlock: number, blockCount: number): number {
    const { dataBytes, sums } = this.source;
    for (let done = 0; done < blockCount; done++) {
      const block = firstBlock + done;
      const bytes = Math.min(DATA_BLOCK_BYTES, dataBytes - block * DATA_BLOCK_BYTES);
      if (core.crc32At(ptr + done * DATA_BLOCK_BYTES, bytes) !== sums[block]) return block;
    }
    return -1;
  }

  #corrupted(segment: Segment, owner: Owner, offset: number, reason: string): CorruptedLogError {
    const { partition } = this.source;
    return new CorruptedLogError({
      topic: partition.topic,
      partition: partition.partition,
      firstId: owner.id,
      endId: owner.id + 1,
      file: segment.path,
      offset,
      reason,
    });
  }
}
