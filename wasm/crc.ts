/**
 * CRC-32 (IEEE) of bytes in memory.
 *
 * @module
 */

import { updateFolded } from "./crc_folded";
import { updateSliced } from "./crc_sliced";

/** From this size on, folding is faster on every runtime (measured by bench/crc.ts). */
const FOLDED_BYTES_MIN: u32 = 512;

/** CRC-32 of `bytes` bytes at `ptr`, continuing from `seed`, the CRC of what came before (0 at the start). */
export function crc32(ptr: usize, bytes: u32, seed: u32): u32 {
  return ~(bytes < FOLDED_BYTES_MIN ? updateSliced(ptr, bytes, ~seed) : updateFolded(ptr, bytes, ~seed));
}

/** The same with tables only, to compare with. */
export function crc32Sliced(ptr: usize, bytes: u32, seed: u32): u32 {
  return ~updateSliced(ptr, bytes, ~seed);
}
