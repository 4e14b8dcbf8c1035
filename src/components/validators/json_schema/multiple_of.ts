/** A number as a whole number times a power of ten. */
interface Decimal {
  digits: bigint;
  power: number;
}

/**
 * Whether a number is a whole multiple of another, both as they are written: 19.99 is one of 0.01, though the double
 * nearest to 19.99 is not one of the double nearest to 0.01.
 */
export function isMultipleOf(value: number, divisor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(divisor)) return value % divisor === 0;
  const quotient = value / divisor;
  // Far from a whole number it is none, whatever was rounded.
  if (Math.abs(quotient - Math.round(quotient)) > 1e-6 * Math.max(1, Math.abs(quotient))) return false;
  const [one, other] = [decimalOf(value), decimalOf(divisor)];
  const power = Math.min(one.power, other.power);
  const scaled = ({ digits, power: own }: Decimal): bigint => digits * 10n ** BigInt(own - power);
  return scaled(one) % scaled(other) === 0n;
}

function decimalOf(value: number): Decimal {
  const [, whole, fraction = "", power] = /^(-?\d)(?:\.(\d+))?e([-+]\d+)$/.exec(value.toExponential())!;
  return { digits: BigInt(`${whole}${fraction}`), power: Number(power) - fraction.length };
}
