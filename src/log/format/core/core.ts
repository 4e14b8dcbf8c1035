/**
 * The log core, typed: the WebAssembly of wasm/ and the memory it works on.
 *
 * One instance serves the whole thread, so its memory is for the moment only: the code that fills an area uses it
 * up before the next `await`. The encode and the read area stay apart, so that a writer may read in between.
 *
 * @module
 */

import { type CoreExports, instantiateCore } from "./exports.ts";
import { CoreMemory, SCRATCH_BYTES } from "./memory.ts";
import { DATA_BLOCK_BYTES, type FrameSizes, layoutOf, type Signature } from "../bytes.ts";
import { encodeRecord } from "../frame_header.ts";

/** What a segment header says. */
export interface SegmentHeader {
  partition: number;
  salt: number;
  baseId: number;
  /** Milliseconds since 1970. */
  created: number;
  /** First id of the segment that it was made after, where that was sealed, and its salt; 0 where there is none. */
  previousId: number;
  previousSeal: number;
  previousSalt: number;
}

/** What an index entry says of a frame. */
export interface IndexEntry {
  /** First id. */
  id: number;
  /** The newest time in the segment up to the frame, milliseconds since 1970. */
  time: number;
  offset: number;
  recordCrc: number;
  salt: number;
}

/** What {@linkcode Core.checkSegmentHeader} finds. */
export type SegmentHeaderState = "ok" | "not a segment" | "damaged" | "newer";

/** In the order of the numbers that the module returns. */
const SEGMENT_HEADER_STATES: readonly SegmentHeaderState[] = ["ok", "not a segment", "damaged", "newer"];

/**
 * The functions of the log core. Pointers are offsets into `u8` and need no alignment. CRCs, salts and offsets
 * are whole numbers from 0 to 2^32 - 1; ids and times are safe integers.
 *
 * @example
 * ```ts
 * import { core } from "./core.ts";
 *
 * const check = core.crc32(new TextEncoder().encode("123456789"));
 * console.assert(check === 0xcbf43926);
 * ```
 */
export class Core extends CoreMemory {
  readonly #wasm: CoreExports;

  /** Makes an instance of its own; the library shares {@linkcode core}. */
  constructor() {
    const wasm = instantiateCore();
    super(wasm);
    this.#wasm = wasm;
  }

  /** CRC-32 of bytes from anywhere, going on from `seed`, the CRC of the bytes before them. */
  crc32(bytes: Uint8Array, seed = 0): number {
    let crc = seed;
    for (let done = 0; done < bytes.length; done += SCRATCH_BYTES) {
      const part = bytes.subarray(done, done + SCRATCH_BYTES);
      this.u8.set(part, this.scratch);
      crc = this.#wasm.crc32(this.scratch, part.length, crc);
    }
    return crc >>> 0;
  }

  /** CRC-32 of bytes in this memory. */
  crc32At(ptr: number, bytes: number, seed = 0): number {
    return this.#wasm.crc32(ptr, bytes, seed) >>> 0;
  }

  /**
   * Completes a frame whose table, extents, metadata and data stand where `layoutOf` puts them after `ptr`: fills
   * in block sums, head CRC and both records. Returns the frame's bytes.
   */
  encodeFrame(ptr: number, kind: number, sizes: FrameSizes, signature: Signature): number {
    const { blockSums, data, trailer } = layoutOf(sizes);
    for (let from = data, sum = blockSums; from < trailer; from += DATA_BLOCK_BYTES, sum += 4) {
      const bytes = Math.min(DATA_BLOCK_BYTES, trailer - from);
      this.view.setUint32(ptr + sum, this.crc32At(ptr + from, bytes), true);
    }
    return this.encodeSummed(ptr, kind, sizes, signature);
  }

  /** As `encodeFrame`, of a frame whose block sums are in place, too. */
  encodeSummed(ptr: number, kind: number, sizes: FrameSizes, signature: Signature): number {
    encodeRecord(this.view, ptr, { kind, sizes, signature });
    return this.#wasm.sealFrame(ptr);
  }

  /** Writes the 64 bytes of a segment header. */
  encodeSegmentHeader(ptr: number, header: SegmentHeader): void {
    const { partition, salt, baseId, created } = header;
    const { previousId, previousSeal, previousSalt } = header;
    this.#wasm.encodeSegmentHeader(
      ptr,
      partition,
      salt,
      baseId,
      created,
      previousId,
      previousSeal,
      previousSalt,
    );
  }

  /** Whether the 64 bytes at `ptr` are a segment header that this version can read. */
  checkSegmentHeader(ptr: number): SegmentHeaderState {
    return SEGMENT_HEADER_STATES[this.#wasm.checkSegmentHeader(ptr)]!;
  }

  /** Whether an intact header (or trailer) record of that salt is at `ptr`: CRC, known kind, sane sizes. */
  checkRecord(ptr: number, salt: number, trailer: boolean): boolean {
    return this.#wasm.checkRecord(ptr, salt, trailer ? 1 : 0) !== 0;
  }

  /** As `checkRecord`, with any salt: for a segment whose header is damaged. */
  checkRecordOfAnySegment(ptr: number, trailer = false): boolean {
    return this.#wasm.checkRecordOfAnySegment(ptr, trailer ? 1 : 0) !== 0;
  }

  /** Whether two intact records are the two ends of one frame: all between magic and CRC agrees. */
  sameFrame(headerPtr: number, trailerPtr: number): boolean {
    return this.#wasm.sameFrame(headerPtr, trailerPtr) !== 0;
  }

  /**
   * Where the next intact record (header or trailer: its magic tells) starts, at `from` or after it, and lies
   * whole within `bytes` bytes from `ptr`. Both offsets count from `ptr`; -1: none.
   */
  findRecord(ptr: number, bytes: number, from: number, salt: number): number {
    return this.#wasm.findRecord(ptr, bytes, from, salt);
  }

  /** As `findRecord`, with any salt. */
  findRecordOfAnySegment(ptr: number, bytes: number, from: number): number {
    return this.#wasm.findRecordOfAnySegment(ptr, bytes, from);
  }

  /** Whether the head after the header record at `ptr` (table to metadata, all in memory) has its CRC. */
  checkHead(ptr: number): boolean {
    return this.#wasm.checkHead(ptr) !== 0;
  }

  /** Whether a byte is a control character that no JSON text has. */
  hasControls(ptr: number, bytes: number): boolean {
    return this.#wasm.hasControls(ptr, bytes) !== 0;
  }

  /** Writes the 32 bytes of an index entry. */
  encodeIndexEntry(ptr: number, { id, time, offset, recordCrc, salt }: IndexEntry): void {
    this.#wasm.encodeIndexEntry(ptr, id, time, offset, recordCrc, salt);
  }

  /** Whether an intact index entry of that salt is at `ptr`. */
  checkIndexEntry(ptr: number, salt: number): boolean {
    return this.#wasm.checkIndexEntry(ptr, salt) !== 0;
  }

  /** Number of the intact entry with the greatest id not above `id`; -1: none. Entries may be out of order. */
  lookupById(ptr: number, entryCount: number, salt: number, id: number): number {
    return this.#wasm.lookupById(ptr, entryCount, salt, id);
  }

  /**
   * Number of the last intact entry, by offset, before the first intact one of `time` or later; -1: none, so
   * start at the segment's first frame. Entries may be out of order.
   */
  lookupByTime(ptr: number, entryCount: number, salt: number, time: number): number {
    return this.#wasm.lookupByTime(ptr, entryCount, salt, time);
  }
}

/** The instance of this thread. */
export const core: Core = new Core();
