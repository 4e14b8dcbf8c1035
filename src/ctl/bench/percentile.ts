/** The value below which that share (0 to 1) of sorted values lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Shares that are stated of latencies. */
export const PERCENTILES: readonly number[] = [0.5, 0.9, 0.99, 0.999];
