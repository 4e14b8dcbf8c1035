/**
 * SHA-256. The runtimes have it in `node:crypto`, but loading that takes Bun 7 ms of the 40 that opening a driver
 * takes, and nothing else in the driver needs it.
 *
 * @module
 */

const BLOCK_BYTES = 64;
const ROUNDS = 64;

/** The first 32 bits of the fractional parts of the square roots of the first 8 primes. */
const INITIAL_STATE = [
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a],
  ...[0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
];

/** The same of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = new Int32Array([
  ...[0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5],
  ...[0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174],
  ...[0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da],
  ...[0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967],
  ...[0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85],
  ...[0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070],
  ...[0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3],
  ...[0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2],
]);

/** The SHA-256 of a text in UTF-8, as hexadecimal digits. */
export function sha256(text: string): string {
  const blocks = padded(new TextEncoder().encode(text));
  const state = new Uint32Array(INITIAL_STATE);
  for (let at = 0; at < blocks.byteLength; at += BLOCK_BYTES) addBlock(state, blocks, at);
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** Whole blocks: the bytes, a one bit, zeros, and the number of bits in the last four bytes. */
function padded(bytes: Uint8Array): DataView {
  const whole = Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES;
  const blocks = new Uint8Array(whole);
  blocks.set(bytes);
  blocks[bytes.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(whole - 4, bytes.length * 8);
  return view;
}

/** The words of a state. */
type Eight = [number, number, number, number, number, number, number, number];

function addBlock(state: Uint32Array, blocks: DataView, at: number): void {
  const words = wordsOf(blocks, at);
  let [a, b, c, d, e, f, g, h] = state as unknown as Eight;
  for (let round = 0; round < ROUNDS; round++) {
    const turnedE = right(e, 6) ^ right(e, 11) ^ right(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = h + turnedE + choice + ROUND_CONSTANTS[round]! + words[round]!;
    const turnedA = right(a, 2) ^ right(a, 13) ^ right(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + turnedA + majority) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => state[index]! += word);
}

/** A word for each round: the 16 of the block, and 48 computed from those. */
function wordsOf(blocks: DataView, at: number): Int32Array {
  const words = new Int32Array(ROUNDS);
  for (let round = 0; round < 16; round++) words[round] = blocks.getInt32(at + 4 * round);
  for (let round = 16; round < ROUNDS; round++) {
    const early = words[round - 15]!;
    const late = words[round - 2]!;
    const turnedEarly = right(early, 7) ^ right(early, 18) ^ (early >>> 3);
    const turnedLate = right(late, 17) ^ right(late, 19) ^ (late >>> 10);
    words[round] = words[round - 16]! + turnedEarly + words[round - 7]! + turnedLate;
  }
  return words;
}

/** A word rotated to the right. */
function right(word: number, bits: number): number {
  return word >>> bits | word << (32 - bits);
}
