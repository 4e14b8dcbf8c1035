import * as zlib from "node:zlib";
import { takesLess } from "../../../storage/weigh.ts";
import { core } from "./core.ts";

/** Who sums large blocks of data: the log core, or zlib of the runtime. Both give the same CRC-32. */
export type ChecksumSource = "core" | "runtime";

type Crc32 = (bytes: Uint8Array) => number;

/** zlib answers in 48 GB/s in Deno and Bun, in 5 in Node 20; older ones have no `crc32`. */
const { crc32: runtimeCrc32 } = zlib as { crc32?: Crc32 };

/** Smaller blocks are summed by the core, which needs no call into the runtime. */
const LARGE_BYTES = 16 * 1024;

/** Size of the block that the runtime is weighed on. */
const WEIGHED_BYTES = 64 * 1024;
/**
 * The core sums a block in the time that copying it two to four times takes: once it is compiled for good, which it
 * is not before some hundred blocks, so that it cannot be weighed itself. Where the runtime is the faster one, it is
 * so by far: one copy in Deno and Bun, eight in Node 20.
 */
const COPIES_OF_CORE = 2;

/**
 * CRC-32 of blocks of data. Which of the two does it is found out when the first large block comes, for programs
 * that never have one.
 *
 * @example
 * ```ts
 * import { blockChecksum } from "./block_checksum.ts";
 * import { core } from "./core.ts";
 *
 * const block = new Uint8Array(65536);
 * console.assert(blockChecksum.of(block) === core.crc32(block));
 * ```
 */
export class BlockChecksum {
  /** What sums large blocks, set by tests that want a certain one; undefined: not weighed yet. */
  source: ChecksumSource | undefined;

  /** `runtime`: the CRC-32 of the runtime, where it has one. */
  constructor(private readonly runtime: Crc32 | undefined) {}

  /** Whether large blocks are summed where they lie, and not in the core's memory, to which they are copied first. */
  get isOfAnyMemory(): boolean {
    this.source ??= this.#weigh();
    return this.source === "runtime";
  }

  /** CRC-32 of a block anywhere in memory. */
  of(block: Uint8Array): number {
    return block.byteLength >= LARGE_BYTES && this.isOfAnyMemory ? this.runtime!(block) : core.crc32(block);
  }

  /** CRC-32 of a block in the core's memory. */
  at(ptr: number, bytes: number): number {
    return bytes >= LARGE_BYTES && this.isOfAnyMemory
      ? this.runtime!(core.u8.subarray(ptr, ptr + bytes))
      : core.crc32At(ptr, bytes);
  }

  #weigh(): ChecksumSource {
    const { runtime } = this;
    if (runtime === undefined) return "core";
    const block = new Uint8Array(WEIGHED_BYTES);
    const copy = new Uint8Array(WEIGHED_BYTES);
    return takesLess(() => runtime(block), COPIES_OF_CORE, () => copy.set(block)) ? "runtime" : "core";
  }
}

/** The one of this thread. */
export const blockChecksum: BlockChecksum = new BlockChecksum(runtimeCrc32);
