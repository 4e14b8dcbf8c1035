import type { Result } from "./measure_engine.ts";

/** A measurement that was made several times: the round in the middle, and how far the others are from it. */
export interface RoundsResult extends Result {
  /** Events/s of every round, in order; given where there were several. */
  rounds?: readonly number[];
}

/** Takes of each measurement the round in the middle: one that was disturbed decides nothing. */
export function middleOf(rounds: readonly (readonly Result[])[]): RoundsResult[] {
  const speed = ({ measured }: Result): number => measured.events / measured.seconds;
  const [first = [], ...others] = rounds;
  return first.map((one, at) => {
    // Every round makes the same measurements.
    const results = [one, ...others.map((round) => round[at]!)];
    const sorted = results.toSorted((one, other) => speed(one) - speed(other));
    const middle = sorted[Math.floor((sorted.length - 1) / 2)]!;
    return results.length === 1 ? middle : { ...middle, rounds: results.map(speed) };
  });
}

/** How far the slowest and the fastest round are apart, as a share of the one in the middle. */
export function spreadOf({ measured, rounds }: RoundsResult): number | undefined {
  if (rounds === undefined) return undefined;
  return (Math.max(...rounds) - Math.min(...rounds)) / (measured.events / measured.seconds);
}
