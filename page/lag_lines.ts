import type { Sample } from "../src/ui/contract.ts";

/** The consumers in the samples with the largest lag now, by name, and how many there are in total. */
export function mostLagging(samples: readonly Sample[], max: number): { names: string[]; total: number } {
  const all = [...new Set(samples.flatMap(({ lag }) => Object.keys(lag)))];
  const now = samples.at(-1)?.lag ?? {};
  const names = all.toSorted((one, other) => (now[other] ?? -1) - (now[one] ?? -1)).slice(0, max);
  // In an order that stays the same while their lag changes, and with it their colours.
  return { names: names.sort(), total: all.length };
}
