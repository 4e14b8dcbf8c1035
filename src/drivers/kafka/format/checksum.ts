import type { Buffer } from "node:buffer";

/** Computes a checksum. */
export type Checksum = (bytes: Buffer) => number;

/*
 * The checksums are CRC-32C: remainders of polynomials over two numbers, 0 and 1, the highest bit of a number being the
 * coefficient of x^0. The checksum of two pieces is that of the first times x^(bits of the second), plus that of the
 * second; so no piece has to be copied to be next to the other.
 */
const POLYNOMIAL = 0x82f63b78;
const ONE = 0x8000_0000;
const X = 0x4000_0000;

/** x^1, x^2, x^4 … up to those that lengths in bits need. */
const powers = [X];
while (powers.length < 40) powers.push(times(powers.at(-1)!, powers.at(-1)!));
/** x^8: the factor of one byte. */
const BYTE_POWER = 3;

/** The checksum of pieces, from that of each. */
export function checksumOfPieces(pieces: readonly Buffer[], checksumOf: Checksum): number {
  let sum = 0;
  for (const piece of pieces) sum = (times(factorOf(piece.byteLength), sum) ^ checksumOf(piece)) >>> 0;
  return sum;
}

/** Those of lengths that come again and again. */
const factors = new Map<number, number>();
const FACTORS_MAX = 1000;

/** x^(bits of that many bytes). */
function factorOf(bytes: number): number {
  let factor = factors.get(bytes);
  if (factor !== undefined) return factor;
  factor = ONE;
  for (let rest = bytes, power = BYTE_POWER; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) factor = times(factor, powers[power]!);
  }
  if (factors.size >= FACTORS_MAX) factors.clear();
  factors.set(bytes, factor);
  return factor;
}

/** The product of two polynomials. */
function times(one: number, other: number): number {
  let product = 0;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (one & bit) product ^= other;
    other = other & 1 ? (other >>> 1) ^ POLYNOMIAL : other >>> 1;
  }
  return product >>> 0;
}
