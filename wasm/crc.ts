/**
 * CRC-32 (IEEE) of bytes in memory.
 *
 * @module
 */

import { updateSliced } from "./crc_sliced";

/** CRC-32 of `bytes` bytes at `ptr`, going on from `seed`, the CRC of what came before (0 at the start). */
export function crc32(ptr: usize, bytes: u32, seed: u32): u32 {
  return ~updateSliced(ptr, bytes, ~seed);
}
