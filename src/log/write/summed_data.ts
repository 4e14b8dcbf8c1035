import type { OutgoingData } from "../../contract.ts";
import { DATA_BLOCK_BYTES, type FrameLayout } from "../format/bytes.ts";
import { blockChecksum } from "../format/core/block_checksum.ts";
import { core } from "../format/core/core.ts";

/** Copies the data of a frame piece by piece; the checksum of each block is computed while it is in the CPU's cache. */
export class SummedData {
  /** Where the next piece goes. */
  #end: number;
  readonly #limit: number;
  #blockEnd: number;
  /** Where the next sum goes, as an index of `core.u32`. */
  #sum: number;
  /** Where the table has the size of the first event's data, as an index of `core.u32`. */
  readonly #table: number;

  constructor(area: number, layout: FrameLayout) {
    this.#end = area + layout.data;
    this.#limit = area + layout.trailer;
    this.#blockEnd = this.#end + DATA_BLOCK_BYTES;
    this.#sum = (area + layout.blockSums) >> 2;
    this.#table = ((area + layout.table) >> 2) + 1;
  }

  /** Adds the data parts of events, and their sizes to the table. */
  addParts(data: readonly OutgoingData[], count: number): void {
    for (let index = 0; index < count;) {
      index = this.#addUntilFull(data, index, count);
      if (this.#end >= this.#blockEnd) this.#sumBlock();
    }
  }

  /** Adds a piece of a data part. */
  add(piece: Uint8Array): void {
    const end = this.#end + piece.length;
    if (end > this.#limit) checkEnd("bytes", end, this.#limit);
    if (piece.length > DATA_BLOCK_BYTES) this.#addBlocks(piece);
    else {
      core.u8.set(piece, this.#end);
      if (end >= this.#blockEnd) this.#sumBlock();
    }
    this.#end = end;
  }

  finish(): void {
    checkEnd("data", this.#end, this.#limit);
    const start = this.#blockEnd - DATA_BLOCK_BYTES;
    if (this.#end > start) core.u32[this.#sum] = blockChecksum.at(start, this.#end - start);
  }

  /**
   * Adds data parts until a block is full. It runs for every event and computes no checksum: V8 would compile the code of
   * the runtime's CRC into it, which takes it 15 ms.
   */
  #addUntilFull(data: readonly OutgoingData[], first: number, count: number): number {
    const { u8, u32 } = core;
    const blockEnd = this.#blockEnd;
    let index = first;
    for (let entry = this.#table + 2 * first; index < count && this.#end < blockEnd; index++, entry += 2) {
      const part = data[index];
      const from = this.#end;
      if (part instanceof Uint8Array && part.length <= DATA_BLOCK_BYTES) {
        const end = from + part.length;
        if (end > this.#limit) checkEnd("bytes", end, this.#limit);
        u8.set(part, from);
        this.#end = end;
      } else if (part !== undefined) this.#addPart(part);
      u32[entry] = this.#end - from;
    }
    return index;
  }

  #addPart(part: Uint8Array | readonly Uint8Array[]): void {
    if (part instanceof Uint8Array) this.add(part);
    else {
      for (const piece of part) this.add(piece);
    }
  }

  #addBlocks(piece: Uint8Array): void {
    const { u8 } = core;
    let from = 0;
    let to = this.#end;
    const end = to + piece.length;
    while (end >= this.#blockEnd) {
      const size = this.#blockEnd - to;
      u8.set(piece.subarray(from, from + size), to);
      this.#sumBlock();
      from += size;
      to += size;
    }
    if (to < end) u8.set(piece.subarray(from), to);
  }

  #sumBlock(): void {
    core.u32[this.#sum++] = blockChecksum.at(this.#blockEnd - DATA_BLOCK_BYTES, DATA_BLOCK_BYTES);
    this.#blockEnd += DATA_BLOCK_BYTES;
  }
}

/** Asserts that a part of a frame ends where the next one begins by the layout. */
export function checkEnd(part: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new Error(`Cannot encode a frame: its ${part} end at ${found}, its layout says ${expected}`);
}
