import { type Crc32, runtimeCrc32 } from "../../../storage/runtime_crc32.ts";
import { takesLess } from "../../../storage/compare_speed.ts";
import { core } from "./core.ts";

/** What computes the checksums of large blocks: the log core, or the runtime. Both return the same CRC-32. */
export type ChecksumSource = "core" | "runtime";

/** Smaller blocks are left to the core, which needs no call into the runtime. */
const LARGE_BYTES = 16 * 1024;

/** Size of the block on which the runtime's speed is measured. */
const MEASURED_BYTES = 64 * 1024;
/**
 * The core takes as long as two to four copies of the block, once it is optimized; that takes some hundred blocks, so
 * that it cannot be measured itself. The runtime takes as long as one copy in Deno and Bun, and eight in Node 20.
 */
const COPIES_OF_CORE = 2;

/**
 * CRC-32 of blocks of data. The faster of the two is chosen when the first large block comes: programs without one do
 * not pay for the measurement.
 */
export class BlockChecksum {
  /** What computes large blocks; undefined before it was chosen, after that set by tests that want a certain one. */
  source: ChecksumSource | undefined;
  #runtime: Crc32 | undefined;

  /** `findRuntime` returns the CRC-32 of the runtime, where it has one. */
  constructor(private readonly findRuntime: () => Crc32 | undefined) {}

  /** Whether the checksums of large blocks are computed in place, and not in the core's memory, after a copy. */
  get isOfAnyMemory(): boolean {
    this.source ??= this.#choose();
    return this.source === "runtime";
  }

  /** CRC-32 of a block anywhere in memory. */
  of(block: Uint8Array): number {
    return block.byteLength >= LARGE_BYTES && this.isOfAnyMemory ? this.#runtime!(block) : core.crc32(block);
  }

  /** CRC-32 of a block in the core's memory. */
  at(ptr: number, bytes: number): number {
    return bytes >= LARGE_BYTES && this.isOfAnyMemory
      ? this.#runtime!(core.u8.subarray(ptr, ptr + bytes))
      : core.crc32At(ptr, bytes);
  }

  #choose(): ChecksumSource {
    const runtime = this.#runtime = this.findRuntime();
    if (runtime === undefined || !isRight(runtime)) return "core";
    const block = new Uint8Array(MEASURED_BYTES);
    const copy = new Uint8Array(MEASURED_BYTES);
    return takesLess(() => runtime(block), COPIES_OF_CORE, () => copy.set(block)) ? "runtime" : "core";
  }
}

/**
 * Whether a runtime's CRC-32 is that of the core. That of Deno before 2.3.2 is a signed number: half of all sound data
 * would be called damaged.
 */
function isRight(runtime: Crc32): boolean {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (let from = 0; from < 16; from++) {
    const part = bytes.subarray(from, 256 - from);
    if (runtime(part) !== core.crc32(part)) return false;
  }
  return true;
}

/** The one of this thread. */
export const blockChecksum: BlockChecksum = new BlockChecksum(runtimeCrc32);
