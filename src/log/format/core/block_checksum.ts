import * as zlib from "node:zlib";
import { isFaster } from "../../../storage/weigh.ts";
import { core } from "./core.ts";

/** Who sums large blocks of data: the log core, or zlib of the runtime. Both give the same CRC-32. */
export type ChecksumSource = "core" | "runtime";

type Crc32 = (bytes: Uint8Array) => number;

/** zlib answers in 48 GB/s in Deno and Bun, in 5 in Node 20; older ones have no `crc32`. */
const { crc32: runtimeCrc32 } = zlib as { crc32?: Crc32 };

/** Size of the block that both are weighed on; smaller ones are summed by the core. */
const WEIGHED_BYTES = 16 * 1024;

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

  /** CRC-32 of a block anywhere in memory. */
  of(block: Uint8Array): number {
    return block.byteLength >= WEIGHED_BYTES && this.#isRuntimes() ? this.runtime!(block) : core.crc32(block);
  }

  /** CRC-32 of a block in the core's memory. */
  at(ptr: number, bytes: number): number {
    return bytes >= WEIGHED_BYTES && this.#isRuntimes()
      ? this.runtime!(core.u8.subarray(ptr, ptr + bytes))
      : core.crc32At(ptr, bytes);
  }

  #isRuntimes(): boolean {
    this.source ??= this.#weigh();
    return this.source === "runtime";
  }

  #weigh(): ChecksumSource {
    const { runtime } = this;
    if (runtime === undefined) return "core";
    const block = new Uint8Array(WEIGHED_BYTES);
    return isFaster(() => runtime(block), () => core.crc32(block)) ? "runtime" : "core";
  }
}

/** The one of this thread. */
export const blockChecksum: BlockChecksum = new BlockChecksum(runtimeCrc32);
