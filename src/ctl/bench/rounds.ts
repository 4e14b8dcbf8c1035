import type { Result } from "./measure_engine.ts";

/** A measurement that was repeated: the median round, and the spread of the others. */
export interface RoundsResult extends Result {
  /** Events/s of every round, in order; only if there were several. */
  rounds?: readonly number[];
}

/** The median round of each measurement, unaffected by outliers. */
export function medianOf(rounds: readonly (readonly Result[])[]): RoundsResult[] {
  const speed = ({ measured }: Result): number => measured.events / measured.seconds;
  const [first = [], ...others] = rounds;
  return first.map((one, at) => {
    // Every round has the same measurements.
    const results = [one, ...others.map((round) => round[at]!)];
    const sorted = results.toSorted((one, other) => speed(one) - speed(other));
    const middle = sorted[Math.floor((sorted.length - 1) / 2)]!;
    return results.length === 1 ? middle : { ...middle, rounds: results.map(speed) };
  });
}

/** The difference of the fastest and the slowest round, relative to the median one. */
export function spreadOf({ measured, rounds }: RoundsResult): number | undefined {
  if (rounds === undefined) return undefined;
  return (Math.max(...rounds) - Math.min(...rounds)) / (measured.events / measured.seconds);
}
