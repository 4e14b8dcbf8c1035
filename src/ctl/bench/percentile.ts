/** The percentile of sorted values, given as a share from 0 to 1. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The percentiles to report for latencies. */
export const PERCENTILES: readonly number[] = [0.5, 0.9, 0.99, 0.999];
