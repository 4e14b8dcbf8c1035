/** Reads the partitions that a group assigns to it. */
export interface AssignmentListener {
  /** A partition was assigned: reading it may begin. */
  onAssigned(partition: number): void;
  /** A partition is to move to another member; returns whether it can: nothing of it is still being worked on. */
  onRevoking(partition: number): boolean;
  /** A partition that was to move stays. */
  onKept(partition: number): void;
  /** A partition belongs to another member now, or to none. */
  onLost(partition: number): void;
  /** The event loop has turned since the lease was checked: check it before delivering another event. */
  onTurn(): void;
  /** The group failed; the next call that reads must throw this. */
  onError(error: unknown): void;
}
