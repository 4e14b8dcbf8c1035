/**
 * What the log core is compared with: slow, simple, and written from the definitions.
 *
 * @module
 */

/** The polynomials, with the highest power in the lowest bit. */
const IEEE = 0xedb88320;
export const CASTAGNOLI = 0x82f63b78;

/** CRC-32 bit by bit, continuing from `seed`. */
export function bitwiseCrc32(bytes: Uint8Array, seed = 0, polynomial = IEEE): number {
  let state = ~seed;
  for (const byte of bytes) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (polynomial & -(state & 1));
  }
  return ~state >>> 0;
}

/** A generator of whole numbers from 0 to `below` - 1, the same for the same seed (xorshift32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b1 + 0x7f4a7c15) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) / 2 ** 32 * below);
  };
}

/** Bytes that are the same for the same seed. */
export function randomBytes(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(seed);
  const bytes = new Uint8Array(size);
  // Uint8Array.from() takes 20 times as long.
  for (let index = 0; index < size; index++) bytes[index] = random(256);
  return bytes;
}
