import { InvalidMetadataError } from "../errors.ts";
import { grisu2Digits } from "./grisu2.ts";
import { cut } from "../text/quoted.ts";

/** All integers with this many digits fit into 64 bits, signed or unsigned. */
const SAFE_DIGITS_MAX = 18;
const UNSIGNED_MAX = 2n ** 64n - 1n;
const SIGNED_MIN = -(2n ** 63n);

/**
 * A JSON number as the C++ library writes it after reading it: 64-bit integers are kept, all others become
 * doubles. Throws `InvalidMetadataError` for a number outside the range of a double, which C++ rejects.
 */
export function cppNumber(text: string): string {
  if (!text.includes(".") && !text.includes("e") && !text.includes("E")) {
    if (text === "-0") return "0";
    if (text.length <= SAFE_DIGITS_MAX) return text;
    const value = BigInt(text);
    if (value >= SIGNED_MIN && value <= UNSIGNED_MAX) return text;
  }
  const value = Number(text);
  if (!Number.isFinite(value)) {
    throw new InvalidMetadataError(
      `Cannot write number ${cut(text, 40)} for C++: it does not fit into a double`,
    );
  }
  return cppDouble(value);
}

/**
 * A double as the C++ library writes it: always with a decimal point or an exponent, and almost always the
 * shortest text that parses to the same double.
 */
export function cppDouble(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const sign = value < 0 ? "-" : "";
  const { digits, exponent: power } = grisu2Digits(Math.abs(value));
  // Number of digits before the decimal point.
  const whole = digits.length + power;
  if (whole > 15 || whole <= -4) {
    const rest = digits.slice(1);
    return `${sign}${digits[0]}${rest === "" ? "" : `.${rest}`}e${exponent(whole - 1)}`;
  }
  if (power >= 0) return `${sign}${digits}${"0".repeat(power)}.0`;
  if (whole > 0) return `${sign}${digits.slice(0, whole)}.${digits.slice(whole)}`;
  return `${sign}0.${"0".repeat(-whole)}${digits}`;
}

/** At least two digits, always with a sign. */
function exponent(power: number): string {
  return (power < 0 ? "-" : "+") + String(Math.abs(power)).padStart(2, "0");
}
