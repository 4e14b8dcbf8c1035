/** Where an iteration ends: one past the last id in each partition; `undefined` for no end. */
export type Ends = ReadonlyMap<number, number> | undefined;

/** The end in one partition. */
export function endOf(ends: NonNullable<Ends>, partition: number): number {
  return ends.get(partition) ?? 0;
}
