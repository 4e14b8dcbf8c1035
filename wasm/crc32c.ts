/**
 * CRC-32C (Castagnoli), the checksum of Kafka's batches.
 *
 * Long messages are folded as in crc.ts, by bytes, with multiples of another polynomial: that of CRC-32C divides
 * x^5275 + x^4508 + x^2751 + 1 and x^266 + x^143 + x^121 + x^88 + x^71 + 1, and so the same sums of the 8th powers, whose
 * exponents count bytes. By the first, the longer and cheaper, each byte becomes itself plus the results 767, 2,524 and
 * 5,275 before it, and the last 5,275 bytes remain; by the second itself plus those 123, 145, 178, 195 and 266 before
 * it, and 266 remain for the tables. The results replace the message, which is a copy anyway.
 *
 * @module
 */

import { fillTables } from "./crc_sliced";

const POLYNOMIAL: u32 = 0x82f63b78;

/** Four tables of 256 words: table k says what a byte becomes k bytes further on. */
const TABLES: usize = memory.data(4 * 1024, 16);
/** What the first multiple leaves, in whole pairs of vectors; so many bytes before the message are overwritten. */
const REST_BYTES: u32 = 5280;
const REST: usize = memory.data(5280, 16);
/** What the second leaves, in whole vectors. */
const TAIL_BYTES: u32 = 272;
const TAIL: usize = memory.data(272, 16);
/** From these sizes on, the multiples are faster on every runtime. */
const LONG_BYTES_MIN: u32 = 16 * 1024;
const FOLDED_BYTES_MIN: u32 = 1024;

fillTables(TABLES, 4 * 1024, POLYNOMIAL);

/**
 * CRC-32C of `bytes` bytes at `ptr`, continuing from `seed`, the CRC of what came before (0 at the start). Overwrites
 * them, and the 5,280 bytes before them.
 */
export function crc32c(ptr: usize, bytes: u32, seed: u32): u32 {
  if (bytes < FOLDED_BYTES_MIN) return ~byTables(ptr, bytes, ~seed);
  const whole = bytes & ~31;
  store<u32>(ptr, load<u32>(ptr) ^ ~seed);
  const state = whole < LONG_BYTES_MIN ? foldShort(ptr, whole) : foldLong(ptr, whole);
  return ~byTables(ptr + whole, bytes & 31, state);
}

/** The state after a message of whole pairs of vectors. Addresses count from `REST_BYTES` before it. */
function foldLong(ptr: usize, bytes: u32): u32 {
  const start = ptr - REST_BYTES;
  const end = start + bytes - REST_BYTES;
  memory.fill(start, 0, REST_BYTES);
  memory.copy(REST, end + REST_BYTES, REST_BYTES);
  for (let at = start; at < end; at += 32) {
    v128.store(at, v128.xor(v128.load(at, REST_BYTES), longBefore(at)), REST_BYTES);
    v128.store(at, v128.xor(v128.load(at, REST_BYTES + 16), longBefore(at + 16)), REST_BYTES + 16);
  }
  // The last bytes receive what is before them, and pass nothing on.
  memory.fill(end + REST_BYTES, 0, REST_BYTES);
  for (let at: u32 = 0; at < REST_BYTES; at += 16) {
    v128.store(ptr + at, v128.xor(v128.load(REST + at), longBefore(end + at)));
  }
  return foldShort(ptr, REST_BYTES);
}

/** The sum of the results that the address `REST_BYTES` after `at` receives. */
function longBefore(at: usize): v128 {
  return v128.xor(
    v128.load(at, REST_BYTES - 5275),
    v128.xor(v128.load(at, REST_BYTES - 2524), v128.load(at, REST_BYTES - 767)),
  );
}

/** The state after a message of whole vectors. Addresses count from `TAIL_BYTES` before it. */
function foldShort(ptr: usize, bytes: u32): u32 {
  const start = ptr - TAIL_BYTES;
  const end = start + bytes - TAIL_BYTES;
  memory.fill(start, 0, TAIL_BYTES);
  memory.copy(TAIL, end + TAIL_BYTES, TAIL_BYTES);
  for (let at = start; at < end; at += 16) {
    v128.store(at, v128.xor(v128.load(at, TAIL_BYTES), shortBefore(at)), TAIL_BYTES);
  }
  memory.fill(end + TAIL_BYTES, 0, TAIL_BYTES);
  for (let at: u32 = 0; at < TAIL_BYTES; at += 16) {
    v128.store(TAIL + at, v128.xor(v128.load(TAIL + at), shortBefore(end + at)));
  }
  return byTables(TAIL, TAIL_BYTES, 0);
}

/** The sum of the results that the address `TAIL_BYTES` after `at` receives. */
function shortBefore(at: usize): v128 {
  return v128.xor(
    v128.load(at, TAIL_BYTES - 266),
    v128.xor(
      v128.xor(v128.load(at, TAIL_BYTES - 195), v128.load(at, TAIL_BYTES - 178)),
      v128.xor(v128.load(at, TAIL_BYTES - 145), v128.load(at, TAIL_BYTES - 123)),
    ),
  );
}

function byTables(ptr: usize, bytes: u32, state: u32): u32 {
  const end = ptr + bytes;
  for (const last = ptr + (bytes & ~3); ptr < last; ptr += 4) {
    const word = load<u32>(ptr) ^ state;
    state = load<u32>((word & 255) << 2, TABLES + (3 << 10)) ^
      load<u32>((word >>> 6) & 1020, TABLES + (2 << 10)) ^
      load<u32>((word >>> 14) & 1020, TABLES + (1 << 10)) ^
      load<u32>((word >>> 24) << 2, TABLES);
  }
  for (; ptr < end; ptr++) state = (state >>> 8) ^ load<u32>(((state ^ load<u8>(ptr)) & 255) << 2, TABLES);
  return state;
}
