/**
 * CRC-32C (Castagnoli), the checksum of Kafka's batches.
 *
 * Long messages are folded as in crc.ts, by bytes, with a multiple of another polynomial: that of CRC-32C
 * divides x^266 + x^143 + x^121 + x^88 + x^71 + 1, and so the same sum of the 8th powers, whose exponents count bytes.
 * Each byte becomes itself plus the results 123, 145, 178, 195 and 266 before it, and only the last 266 bytes remain to
 * be processed. The results replace the message, which is a copy anyway.
 *
 * @module
 */

import { fillTables } from "./crc_sliced";

const POLYNOMIAL: u32 = 0x82f63b78;

/** Four tables of 256 words: table k says what a byte becomes k bytes further on. */
const TABLES: usize = memory.data(4 * 1024, 16);
/** What folding leaves: 266 bytes, in whole vectors. */
const TAIL_BYTES: u32 = 272;
/** The last bytes of the message, and what they become. */
const TAIL: usize = memory.data(272, 16);
/** From this size on, folding is faster on every runtime. */
const FOLDED_BYTES_MIN: u32 = 1024;

fillTables(TABLES, 4 * 1024, POLYNOMIAL);

/**
 * CRC-32C of `bytes` bytes at `ptr`, continuing from `seed`, the CRC of what came before (0 at the start). Overwrites
 * them, and the 272 bytes before them.
 */
export function crc32c(ptr: usize, bytes: u32, seed: u32): u32 {
  if (bytes < FOLDED_BYTES_MIN) return ~byTables(ptr, bytes, ~seed);
  const whole = bytes & ~15;
  return ~byTables(ptr + whole, bytes & 15, folded(ptr, whole, ~seed));
}

/** The state after a message; `bytes` is a multiple of 16, and above 272. */
function folded(ptr: usize, bytes: u32, state: u32): u32 {
  const end = ptr + bytes - TAIL_BYTES;
  memory.fill(ptr - TAIL_BYTES, 0, TAIL_BYTES);
  store<u32>(ptr, load<u32>(ptr) ^ state);
  memory.copy(TAIL, end, TAIL_BYTES);
  for (let at = ptr; at < end; at += 16) v128.store(at, v128.xor(v128.load(at), before(at)));
  // The last bytes receive what is before them, and pass nothing on.
  memory.fill(end, 0, TAIL_BYTES);
  for (let at: u32 = 0; at < TAIL_BYTES; at += 16) {
    v128.store(at, v128.xor(v128.load(at, TAIL), before(end + at)), TAIL);
  }
  return byTables(TAIL, TAIL_BYTES, 0);
}

/** The sum of the results that an address receives. */
function before(at: usize): v128 {
  return v128.xor(
    v128.load(at - 266),
    v128.xor(
      v128.xor(v128.load(at - 195), v128.load(at - 178)),
      v128.xor(v128.load(at - 145), v128.load(at - 123)),
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
