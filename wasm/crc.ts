/**
 * CRC-32 (IEEE) of bytes in memory.
 *
 * @module
 */

import { updateFolded } from "./crc_folded";
import { updateSliced } from "./crc_sliced";

/** From here on folding is the faster one in every runtime (measured by bench/crc.ts). */
const FOLDED_BYTES_MIN: u32 = 512;

/** CRC-32 of `bytes` bytes at `ptr`, going on from `seed`, the CRC of what came before (0 at the start). */
export function crc32(ptr: usize, bytes: u32, seed: u32): u32 {
  return ~(bytes < FOLDED_BYTES_MIN ? updateSliced(ptr, bytes, ~seed) : updateFolded(ptr, bytes, ~seed));
}

/** The same by the tables alone, to measure against. */
export function crc32Sliced(ptr: usize, bytes: u32, seed: u32): u32 {
  return ~updateSliced(ptr, bytes, ~seed);
}
