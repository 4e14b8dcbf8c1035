/**
 * CRC-32 (IEEE) by folding, after Sam Russell's "Chorba" (arXiv 2412.16398).
 *
 * The polynomial P of the CRC divides x^300 + x^155 + x^117 + x^89 + 1 over GF(2). There squaring is linear,
 * so P also divides the same sum of the 8th powers, whose exponents count whole bytes, and of the 128th
 * powers, whose exponents count vectors of 16 bytes. So a unit at the front of a message may be cleared if it
 * is added to the units 300 - 155 = 145, 300 - 117 = 183, 300 - 89 = 211 and 300 further on: the remainder
 * stays the same. Seen from the receiving end, each unit becomes itself plus the results 145, 183, 211 and
 * 300 units before it, and only the last 300 units remain to be processed.
 *
 * Here a result is a vector of 16 bytes. Folding by vectors keeps loads aligned, and far from the stores that
 * they depend on, but leaves 4,800 bytes; folding by bytes processes those, and leaves 304 for the tables.
 *
 * The message is only read: results go to scratch memory. All functions take and return the raw state, i.e.
 * the CRC before its final inversion.
 *
 * @module
 */

import { updateSliced } from "./crc_sliced";

/** What folding by vectors leaves: 300 vectors. */
const RING_BYTES: u32 = 4800;
/** What folding by bytes leaves: 300 bytes, in whole vectors. */
const TAIL_BYTES: u32 = 304;
/** Up to this size, folding by bytes alone is as fast (measured by bench/crc.ts). */
const SMALL_BYTES_MAX: u32 = 24 * 1024;

/** The last 300 results by vectors; a new one replaces the result 300 before it. */
const RING: usize = memory.data(4800, 16);
/** The 4,800 bytes that folding by vectors leaves. */
const REST: usize = memory.data(4800, 16);
/** Results by bytes; 304 zeros precede the first and follow the last. */
const RESULTS: usize = memory.data(304 + 24 * 1024, 16) + 304;
/** The 304 bytes that folding by bytes leaves. */
const TAIL: usize = memory.data(304, 16);

/** The state after `bytes` bytes at `ptr`. */
export function updateFolded(ptr: usize, bytes: u32, state: u32): u32 {
  const whole = bytes & ~15;
  if (whole <= SMALL_BYTES_MAX) state = foldByBytes(ptr, whole, state);
  else {
    foldByVectors(ptr, whole, state);
    state = foldByBytes(REST, RING_BYTES, 0);
  }
  return updateSliced(ptr + whole, bytes & 15, state);
}

/** Folds all but the last 304 bytes. `bytes` is a multiple of 16, above 304, at most `SMALL_BYTES_MAX`. */
function foldByBytes(ptr: usize, bytes: u32, state: u32): u32 {
  const end = bytes - TAIL_BYTES;
  v128.store(RESULTS, v128.xor(v128.load(ptr), i32x4.replace_lane(i32x4.splat(0), 0, state)));
  let at: u32 = 16;
  for (; at < end; at += 16) v128.store(at, resultByBytes(ptr, at), RESULTS);
  memory.fill(RESULTS + end, 0, TAIL_BYTES);
  for (; at < bytes; at += 16) v128.store(at - end, resultByBytes(ptr, at), TAIL);
  return updateSliced(TAIL, TAIL_BYTES, 0);
}

function resultByBytes(ptr: usize, at: u32): v128 {
  return v128.xor(
    v128.xor(
      v128.xor(v128.load(ptr + at), v128.load(at, RESULTS - 300)),
      v128.xor(v128.load(at, RESULTS - 211), v128.load(at, RESULTS - 183)),
    ),
    v128.load(at, RESULTS - 145),
  );
}

/**
 * Folds all but the last 4,800 bytes and writes what they become to `REST`. The start in the ring is chosen
 * so that the end is at its start. `bytes` is a multiple of 16 and above 4,800.
 */
function foldByVectors(ptr: usize, bytes: u32, state: u32): void {
  const folded = bytes - RING_BYTES;
  const end = ptr + folded;
  let at = (RING_BYTES - folded % RING_BYTES) % RING_BYTES;
  ptr -= at;
  memory.fill(RING, 0, RING_BYTES);
  // As if it were the result 300 before the first: it is replaced before anything else reads it.
  store<u32>(RING + at, state);
  while (ptr < end) {
    for (; at < 145 * 16; at += 16) put(at, sum4(own(ptr, at), after211(at), after183(at), after145(at)));
    for (; at < 183 * 16; at += 16) put(at, sum4(own(ptr, at), after211(at), after183(at), before145(at)));
    for (; at < 211 * 16; at += 16) put(at, sum4(own(ptr, at), after211(at), before183(at), before145(at)));
    for (; at < 300 * 16; at += 16) put(at, sum4(own(ptr, at), before211(at), before183(at), before145(at)));
    at = 0;
    ptr += RING_BYTES;
  }
  // The last 4,800 bytes receive what is in the ring and pass nothing on.
  for (; at < 145 * 16; at += 16) putRest(at, sum4(own(ptr, at), after211(at), after183(at), after145(at)));
  for (; at < 183 * 16; at += 16) putRest(at, v128.xor(own(ptr, at), v128.xor(after211(at), after183(at))));
  for (; at < 211 * 16; at += 16) putRest(at, v128.xor(own(ptr, at), after211(at)));
  for (; at < 300 * 16; at += 16) putRest(at, own(ptr, at));
}

function put(at: u32, result: v128): void {
  v128.store(at, result, RING);
}

function putRest(at: u32, result: v128): void {
  v128.store(at, result, REST);
}

function sum4(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.xor(v128.xor(a, b), v128.xor(c, d));
}

/** The message's own bytes and the result 300 before them, which is where the new one goes. */
function own(ptr: usize, at: u32): v128 {
  return v128.xor(v128.load(ptr + at), v128.load(at, RING));
}

// The results 145, 183 and 211 before `at`: before it in the ring or, from the previous round, after it.

function before145(at: u32): v128 {
  return v128.load(at, RING - 145 * 16);
}

function after145(at: u32): v128 {
  return v128.load(at, RING + 155 * 16);
}

function before183(at: u32): v128 {
  return v128.load(at, RING - 183 * 16);
}

function after183(at: u32): v128 {
  return v128.load(at, RING + 117 * 16);
}

function before211(at: u32): v128 {
  return v128.load(at, RING - 211 * 16);
}

function after211(at: u32): v128 {
  return v128.load(at, RING + 89 * 16);
}
