/**
 * CRC-32 (IEEE): short messages by tables, long ones by folding, after Sam Russell's "Chorba" (arXiv 2412.16398).
 *
 * The polynomial P of the CRC divides x^300 + x^155 + x^117 + x^89 + 1 over GF(2). There squaring is linear,
 * so P also divides the same sum of the 8th powers, whose exponents count whole bytes, and of the 128th
 * powers, whose exponents count vectors of 16 bytes. So a unit at the front of a message may be cleared if it
 * is added to the units 300 - 155 = 145, 300 - 117 = 183, 300 - 89 = 211 and 300 further on: the remainder
 * stays the same. Seen from the receiving end, each unit becomes itself plus the results 145, 183, 211 and
 * 300 units before it, and only the last 300 units remain to be processed.
 *
 * Vectors first: their loads are aligned, and far from the stores that they depend on. They leave 4,800 bytes; folding
 * by bytes processes those, and leaves 304 for the tables. The message is only read.
 *
 * @module
 */

import { updateSliced } from "./crc_sliced";

/** From this size on, folding is faster on every runtime (measured by bench/crc.ts). */
const FOLDED_BYTES_MIN: u32 = 512;
/** What folding by vectors leaves. */
const REST_BYTES: u32 = 300 * 16;
/** What folding by bytes leaves: 300 bytes, in whole vectors. */
const TAIL_BYTES: u32 = 304;
/** So many bytes have room for their results; up to this size, folding by bytes alone is as fast. */
const PIECE_BYTES: u32 = 24 * 1024;

/** The results of a piece; before them 300 older ones, zeros at first, after them room for as many zeros. */
const RESULTS: usize = memory.data(4800 + 24 * 1024 + 4800, 16) + 4800;
const REST: usize = memory.data(4800, 16);
const TAIL: usize = memory.data(304, 16);

/** CRC-32 of `bytes` bytes at `ptr`, continuing from `seed`, the CRC of what came before (0 at the start). */
export function crc32(ptr: usize, bytes: u32, seed: u32): u32 {
  if (bytes < FOLDED_BYTES_MIN) return ~updateSliced(ptr, bytes, ~seed);
  const whole = bytes & ~15;
  if (whole <= PIECE_BYTES) fold<u8>(ptr, whole, ~seed, TAIL);
  else {
    fold<v128>(ptr, whole, ~seed, REST);
    fold<u8>(REST, REST_BYTES, 0, TAIL);
  }
  return ~updateSliced(ptr + whole, bytes & 15, updateSliced(TAIL, TAIL_BYTES, 0));
}

/**
 * Folds all units of type T but the last 300: `rest` receives what those become. `bytes` is a multiple of 16 and larger;
 * `state` is a CRC before its final inversion.
 */
function fold<T>(ptr: usize, bytes: u32, state: u32, rest: usize): void {
  const restBytes: u32 = sizeof<T>() == 1 ? TAIL_BYTES : REST_BYTES;
  // As if it were the result 300 before the first.
  store<u32>(RESULTS - 300 * sizeof<T>(), state);
  let left = bytes - restBytes;
  for (; left > PIECE_BYTES; left -= PIECE_BYTES, ptr += PIECE_BYTES) {
    foldPiece<T>(ptr, 0, PIECE_BYTES, RESULTS);
    memory.copy(RESULTS - REST_BYTES, RESULTS + PIECE_BYTES - REST_BYTES, REST_BYTES);
  }
  foldPiece<T>(ptr, 0, left, RESULTS);
  // The rest receives what is before it and passes nothing on.
  memory.fill(RESULTS + left, 0, restBytes);
  foldPiece<T>(ptr, left, left + restBytes, rest - left);
  if (sizeof<T>() == 1) store<u32>(RESULTS - 300, 0);
  else memory.fill(RESULTS - REST_BYTES, 0, REST_BYTES);
}

/** Adds to each unit the results that it receives, and writes what it becomes to the same place in `to`. */
function foldPiece<T>(ptr: usize, start: u32, end: u32, to: usize): void {
  for (let at = start; at < end; at += 16) {
    const far = v128.xor(
      v128.load(at, RESULTS - 300 * sizeof<T>()),
      v128.load(at, RESULTS - 211 * sizeof<T>()),
    );
    const near = v128.xor(
      v128.load(at, RESULTS - 183 * sizeof<T>()),
      v128.load(at, RESULTS - 145 * sizeof<T>()),
    );
    v128.store(to + at, v128.xor(v128.xor(v128.load(ptr + at), far), near));
  }
}
