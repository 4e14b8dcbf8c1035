/** Maps values to positions along an axis. */
export interface Scale {
  /** Position of a value between 0 (start of the axis) and 1 (its end). */
  at(value: number): number;
  /** Values for grid lines. */
  ticks: readonly number[];
}

/** About how many grid lines a linear scale has. */
const TICKS_WANTED = 5;

/** A linear scale from `from` to `to`, widened to round numbers. */
export function linearScale(from: number, to: number): Scale {
  const step = niceStep((to - from || 1) / TICKS_WANTED);
  const start = Math.floor(from / step) * step;
  const end = Math.max(start + step, Math.ceil(to / step - 1e-9) * step);
  const count = Math.round((end - start) / step);
  return {
    at: (value) => (value - start) / (end - start),
    ticks: Array.from({ length: count + 1 }, (_, index) => start + index * step),
  };
}

/** A logarithmic scale, widened to 1, 2 or 5 times a power of ten; for values above 0. */
export function logScale(from: number, to: number): Scale {
  const start = roundedDown(from);
  const end = Math.max(roundedUp(to), start * 2);
  const span = Math.log(end / start);
  const decades = Math.log10(end / start);
  const digits = decades > 4 ? [1] : decades > 1.5 ? [1, 10 ** 0.5] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(start)); 10 ** power <= end * 1.001; power++) {
    for (const digit of digits) {
      const tick = digit === 10 ** 0.5 ? 3 * 10 ** power : digit * 10 ** power;
      if (tick >= start * 0.999 && tick <= end * 1.001) ticks.push(tick);
    }
  }
  return { at: (value) => Math.log(value / start) / span, ticks };
}

/** A scale on which the given values are evenly spaced. */
export function stepScale(values: readonly number[]): Scale {
  const sorted = [...new Set(values)].sort((one, other) => one - other);
  const last = Math.max(1, sorted.length - 1);
  return { at: (value) => sorted.indexOf(value) / last, ticks: sorted };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = [1, 2, 2.5, 5, 10].find((candidate) => rough <= candidate * power * 1.0001) ?? 10;
  return digit * power;
}

function roundedDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([5, 2, 1].find((digit) => digit * power <= value * 1.0001) ?? 1) * power;
}

function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((digit) => digit * power >= value * 0.9999) ?? 10) * power;
}
