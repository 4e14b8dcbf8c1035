import { Buffer } from "node:buffer";
import { LimitExceededError } from "../../../errors.ts";
import type { CoreExports } from "./exports.ts";

/** Size of the encode and the read area at the start: 2 MiB and what a frame puts around them. */
const AREA_BYTES = 2 * 1024 * 1024 + 64 * 1024;
const SLOT_BYTES = 4096;
/** Beyond this an area grows by what is needed alone. */
const DOUBLED_BYTES_MAX = 16 * 1024 * 1024;
export const SCRATCH_BYTES = 64 * 1024;
const PAGE_BYTES = 64 * 1024;

/** A part of the memory that one job has for itself. */
interface Area {
  ptr: number;
  bytes: number;
}

/**
 * The memory of the log core and who may use which part of it.
 *
 * ```text
 * static data | scratch | slot | encode area | read area
 * ```
 *
 * An area that grows is put before the other one if there is room, or else right after it. So both together take little
 * more than the largest frame twice, however often they grow.
 *
 * Growth detaches `u8`, `u32` and `view` taken before and may move the area: take them and the pointers again
 * after it. One memory serves the thread, so hold none of them across an `await`.
 */
export class CoreMemory {
  /** Where bytes from outside are put for a moment, `SCRATCH_BYTES` at a time. */
  protected readonly scratch: number;
  /** 4 KiB for single records, a multiple of 64; valid until another caller's next call. */
  readonly slot: number;
  readonly slotBytes: number = SLOT_BYTES;
  readonly #memory: WebAssembly.Memory;
  readonly #encode: Area;
  readonly #read: Area;
  /** All memory as bytes. */
  u8!: Uint8Array<ArrayBuffer>;
  /** All memory as numbers of four bytes; only for pointers that are multiples of four. */
  u32!: Uint32Array<ArrayBuffer>;
  /** All memory as a `DataView`, for fields that are not aligned; they are little-endian. */
  view!: DataView<ArrayBuffer>;
  #texts!: Buffer<ArrayBuffer>;

  /** Lays the areas out after the module's own data. */
  constructor(wasm: CoreExports) {
    this.#memory = wasm.memory;
    const start = roundUp(wasm.staticEnd(), 64);
    this.scratch = start;
    this.slot = start + SCRATCH_BYTES;
    this.#encode = { ptr: this.slot + SLOT_BYTES, bytes: AREA_BYTES };
    this.#read = { ptr: this.#encode.ptr + AREA_BYTES, bytes: AREA_BYTES };
    this.#growTo(this.#read.ptr + AREA_BYTES);
  }

  /** The text of bytes that are ASCII, which takes half of what a `TextDecoder` does. */
  asciiText(start: number, end: number): string {
    return this.#texts.toString("latin1", start, end);
  }

  /** Where bytes read from files are looked at: a multiple of 64. */
  get readArea(): number {
    return this.#read.ptr;
  }

  get readAreaBytes(): number {
    return this.#read.bytes;
  }

  /**
   * Gives the area where frames are put together, which begins at a multiple of 64, at least `bytes`; its content stays,
   * its pointer may change.
   */
  ensureEncodeArea(bytes: number): number {
    if (bytes > this.#encode.bytes) this.#growArea(this.#encode, this.#read, bytes);
    return this.#encode.ptr;
  }

  /** Gives the read area at least `bytes`; its content stays, its pointer may change. */
  ensureReadArea(bytes: number): number {
    if (bytes > this.#read.bytes) this.#growArea(this.#read, this.#encode, bytes);
    return this.#read.ptr;
  }

  #growArea(area: Area, other: Area, bytesMin: number): void {
    // At least double, so that copies stay in proportion, as long as that is not much.
    const bytes = roundUp(Math.max(bytesMin, Math.min(area.bytes * 2, DOUBLED_BYTES_MAX)), PAGE_BYTES);
    const start = this.slot + SLOT_BYTES;
    const ptr = start + bytes <= other.ptr ? start : other.ptr + other.bytes;
    this.#growTo(ptr + bytes);
    if (ptr !== area.ptr) this.u8.copyWithin(ptr, area.ptr, area.ptr + area.bytes);
    area.ptr = ptr;
    area.bytes = bytes;
  }

  #growTo(end: number): void {
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#takePages(Math.ceil(missing / PAGE_BYTES));
    const buffer = this.#memory.buffer as ArrayBuffer;
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.view = new DataView(buffer);
    this.#texts = Buffer.from(buffer);
  }

  #takePages(pages: number): void {
    try {
      this.#memory.grow(pages);
    } catch (cause) {
      throw new LimitExceededError(
        `Cannot take ${pages * PAGE_BYTES} more bytes of memory for a frame: the runtime has no more; ` +
          `free some, or push smaller events and batches`,
        { cause },
      );
    }
  }
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
