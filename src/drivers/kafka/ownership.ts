/** Which partitions a consumer reads, and on whose behalf it stores positions. */
export interface Ownership {
  /** The partitions now, in order. */
  readonly assigned: readonly number[];
  /** Resolves when the partitions are known. */
  open(): Promise<void>;
  /** Stores positions: the next offset by partition. */
  commit(positions: ReadonlyMap<number, number>): Promise<void>;
  /** Gives the partitions up. */
  close(): Promise<void>;
}

/** What became of the partitions when the members of a group changed. */
export interface Reassignment {
  /** Read before and still; no one else had them in between. */
  kept: readonly number[];
  /** To be read from the stored position on. */
  gained: readonly number[];
  /** Another member reads them now. */
  lost: readonly number[];
}
