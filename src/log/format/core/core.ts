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
import { type FrameSizes, layoutOf, RECORD, RECORD_BYTES, type Signature } from "../bytes.ts";
import { encodeRecord } from "../frame_header.ts";

/** Index entries in the core's memory, and the salt of those that count. */
export interface IndexEntries {
  ptr: number;
  count: number;
  salt: number;
}

/** What the CRC-32C overwrites before its bytes. */
const OVERWRITTEN_BYTES = 5280;

/**
 * The functions of the log core. Pointers are offsets into `u8` and need no alignment. CRCs, salts and offsets
 * are whole numbers from 0 to 2^32 - 1; ids and times are safe integers.
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
    return this.#inParts(bytes, seed, this.#wasm.crc32, 0);
  }

  /** CRC-32C of bytes from anywhere, going on from `seed`. */
  crc32c(bytes: Uint8Array, seed = 0): number {
    return this.#inParts(bytes, seed, this.#wasm.crc32c, OVERWRITTEN_BYTES);
  }

  /** A checksum that is computed of copies in the scratch space, part by part, leaving the first `reserved` bytes of it. */
  #inParts(bytes: Uint8Array, seed: number, update: CoreExports["crc32"], reserved: number): number {
    const ptr = this.scratch + reserved;
    const partBytes = SCRATCH_BYTES - reserved;
    let crc = seed;
    for (let done = 0; done < bytes.length; done += partBytes) {
      const part = bytes.subarray(done, done + partBytes);
      this.u8.set(part, ptr);
      crc = update(ptr, part.length, crc);
    }
    return crc >>> 0;
  }

  /** CRC-32 of bytes in this memory. */
  crc32At(ptr: number, bytes: number, seed = 0): number {
    return this.#wasm.crc32(ptr, bytes, seed) >>> 0;
  }

  /**
   * Completes a frame whose table, extents, block sums, metadata and data are where `layoutOf` puts them after `ptr`:
   * writes both records, with the checksum of the head. Returns the frame's bytes: a view.
   */
  encodeFrame(ptr: number, kind: number, sizes: FrameSizes, signature: Signature): Uint8Array {
    const { data, trailer, frameBytes } = layoutOf(sizes);
    encodeRecord(this.view, ptr, { kind, sizes, signature });
    this.#wasm.sealFrame(ptr, data, trailer);
    return this.u8.subarray(ptr, ptr + frameBytes);
  }

  /** Gives a frame that was encoded another sequence. */
  renumber({ byteOffset, byteLength }: Uint8Array, sequence: number): void {
    for (const record of [byteOffset, byteOffset + byteLength - RECORD_BYTES]) {
      this.view.setUint32(record + RECORD.sequence, sequence, true);
      this.view.setUint32(record + RECORD.crc, this.crc32At(record, RECORD.crc), true);
    }
  }

  /** Whether an intact header (or trailer) record of that salt is at `ptr`: CRC, known kind, sane sizes. */
  checkRecord(ptr: number, salt: number, trailer: boolean): boolean {
    return this.#wasm.checkRecord(ptr, salt, trailer ? 1 : 0) !== 0;
  }

  /** Whether two intact records are the two ends of one frame: all between magic and CRC agrees. */
  sameFrame(headerPtr: number, trailerPtr: number): boolean {
    return this.#wasm.sameFrame(headerPtr, trailerPtr) !== 0;
  }

  /**
   * Where the first intact record (header or trailer: its magic tells) of that salt, or of any without one, starts that
   * lies whole within `bytes` bytes; counted from `ptr`, -1: none.
   */
  findRecord(ptr: number, bytes: number, salt?: number): number {
    return this.#wasm.findRecord(ptr, bytes, salt ?? 0, salt === undefined ? 1 : 0);
  }

  /** Whether a byte is a control character that no JSON text has. */
  hasControls(ptr: number, bytes: number): boolean {
    return this.#wasm.hasControls(ptr, bytes) !== 0;
  }

  /** Whether an intact index entry of that salt is at `ptr`. */
  checkIndexEntry(ptr: number, salt: number): boolean {
    return this.#wasm.checkIndexEntry(ptr, salt) !== 0;
  }

  /** Number of the intact entry with the greatest id not above `id`; -1: none. Entries may be out of order. */
  lookupById({ ptr, count, salt }: IndexEntries, id: number): number {
    return this.#wasm.lookupById(ptr, count, salt, id);
  }

  /**
   * Number of the last intact entry, by offset, before the first intact one of `time` or later; -1: none, so
   * start at the segment's first frame. Entries may be out of order.
   */
  lookupByTime({ ptr, count, salt }: IndexEntries, time: number): number {
    return this.#wasm.lookupByTime(ptr, count, salt, time);
  }
}

/** The instance of this thread. */
export const core: Core = new Core();

/** The CRC-32 of some bytes, as in zip and gzip. */
export function crc32(bytes: Uint8Array): number {
  return core.crc32(bytes);
}

/** The CRC-32C of some bytes, going on from that of the bytes before them. */
export function crc32c(bytes: Uint8Array, seed?: number): number {
  return core.crc32c(bytes, seed);
}
