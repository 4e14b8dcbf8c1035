/** What has the partitions that a member owns. */
export interface Holder {
  /** Begins with a partition. */
  enter(partition: number): void;
  /** Lets go of a partition that is wanted elsewhere; whether nothing of it is under way any more. */
  leave(partition: number): boolean;
  /** Goes on with a partition that is not wanted elsewhere any more. */
  stay(partition: number): void;
  /** The partition is another's, or no one's. */
  lose(partition: number): void;
  /** Something is wrong that the call that reads has to report. */
  fail(error: unknown): void;
}
