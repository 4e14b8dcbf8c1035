/**
 * The digits that the C++ library's JSON writer produces for a double (Grisu2, by Florian Loitsch): they parse to
 * the same double, and are almost always the shortest that do.
 *
 * @module
 */

/** A number `f * 2^e`. */
interface BinaryNumber {
  f: bigint;
  e: number;
}

/** 10^k, rounded to 64 bits. */
interface PowerOfTen extends BinaryNumber {
  k: number;
}

/** The digits of a number, without a leading 0, and the power of ten of the last one. */
interface Digits {
  digits: string;
  exponent: number;
}

const HIDDEN_BIT = 1n << 52n;
const ALL_64 = (1n << 64n) - 1n;
const POWER_MIN = -300;
const POWER_STEP = 8;

const powers = new Map<number, PowerOfTen>();
const view = new DataView(new ArrayBuffer(8));

/** The digits of a positive double. */
export function grisu2Digits(value: number): Digits {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const fraction = bits & (HIDDEN_BIT - 1n);
  const isSubnormal = exponent === 0;
  const v = isSubnormal ? { f: fraction, e: -1074 } : { f: fraction + HIDDEN_BIT, e: exponent - 1075 };
  const isLowerCloser = fraction === 0n && exponent > 1;
  const above = normalized({ f: 2n * v.f + 1n, e: v.e - 1 });
  const below = isLowerCloser ? { f: 4n * v.f - 1n, e: v.e - 2 } : { f: 2n * v.f - 1n, e: v.e - 1 };
  const power = powerFor(above.e);
  const high = product(above, power);
  const low = product({ f: below.f << BigInt(below.e - above.e), e: above.e }, power);
  return digitsBetween(low.f + 1n, product(normalized(v), power).f, { f: high.f - 1n, e: high.e }, -power.k);
}

/** The shortest digits between two bounds that this algorithm finds, as close to `w` as possible. */
function digitsBetween(low: bigint, w: bigint, high: BinaryNumber, exponent: number): Digits {
  const shift = BigInt(-high.e);
  const one = 1n << shift;
  let delta = high.f - low;
  let distance = high.f - w;
  const whole = String(high.f >> shift);
  let rest = high.f & (one - 1n);
  for (let count = 1; count <= whole.length; count++) {
    const left = whole.length - count;
    const remainder = (BigInt(whole.slice(count) || "0") << shift) + rest;
    if (remainder > delta) continue;
    const unit = 10n ** BigInt(left) << shift;
    return {
      digits: closer(whole.slice(0, count), { distance, delta, rest: remainder, unit }),
      exponent: exponent + left,
    };
  }
  let digits = whole;
  do {
    rest *= 10n;
    delta *= 10n;
    distance *= 10n;
    digits += rest >> shift;
    rest &= one - 1n;
    exponent--;
  } while (rest > delta);
  return { digits: closer(digits, { distance, delta, rest, unit: one }), exponent };
}

/** Decrements the last digit as long as that brings it closer. */
function closer(
  digits: string,
  { distance, delta, rest, unit }: { distance: bigint; delta: bigint; rest: bigint; unit: bigint },
): string {
  let last = Number(digits.at(-1));
  while (
    rest < distance && delta - rest >= unit &&
    (rest + unit < distance || distance - rest > rest + unit - distance)
  ) {
    last--;
    rest += unit;
  }
  return digits.slice(0, -1) + last;
}

/** The upper 64 bits of a product, rounded. */
function product(one: BinaryNumber, other: BinaryNumber): BinaryNumber {
  return { f: (one.f * other.f + (1n << 63n)) >> 64n, e: one.e + other.e + 64 };
}

function normalized({ f, e }: BinaryNumber): BinaryNumber {
  const shift = 64 - f.toString(2).length;
  return { f: f << BigInt(shift), e: e - shift };
}

/** The power of ten that scales a number with this binary exponent to one from -60 to -32. */
function powerFor(e: number): PowerOfTen {
  const f = -60 - e - 1;
  const least = Math.trunc((f * 78913) / 2 ** 18) + (f > 0 ? 1 : 0);
  const index = Math.trunc((-POWER_MIN + least + POWER_STEP - 1) / POWER_STEP);
  const k = POWER_MIN + index * POWER_STEP;
  const known = powers.get(k) ?? powerOfTen(k);
  powers.set(k, known);
  return known;
}

function powerOfTen(k: number): PowerOfTen {
  const size = 10n ** BigInt(Math.abs(k));
  const bits = size.toString(2).length;
  if (k >= 0) {
    const e = bits - 64;
    return { f: e <= 0 ? size << BigInt(-e) : (size + (1n << BigInt(e - 1))) >> BigInt(e), e, k };
  }
  let e = -(bits + 63);
  let f = roundedQuotient(1n << BigInt(-e), size);
  if (f > ALL_64) f = roundedQuotient(1n << BigInt(-(++e)), size);
  return { f, e, k };
}

function roundedQuotient(value: bigint, divisor: bigint): bigint {
  return (2n * value + divisor) / (2n * divisor);
}
