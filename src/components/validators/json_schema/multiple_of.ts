/** A number as an integer times a power of ten. */
interface Decimal {
  digits: bigint;
  power: number;
}

/**
 * Whether a number is an integer multiple of another, both taken as decimals: 19.99 is a multiple of 0.01,
 * although the double nearest to 19.99 is not a multiple of the double nearest to 0.01.
 */
export function isMultipleOf(value: number, divisor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(divisor)) return value % divisor === 0;
  const quotient = value / divisor;
  // If the quotient is far from an integer, rounding errors do not matter.
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
