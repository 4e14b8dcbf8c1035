// A sticky assignor: which member of a group should have which partitions. Every member comes to the same result. The
// numbers of partitions differ by at most one, and as few as possible move.

/**
 * Returns the owner that each partition should have. `members` are in the order in which they joined; `owners` are the
 * current ones: undefined, or not among the members, where a partition is free.
 */
export function assignPartitions(
  members: readonly string[],
  owners: readonly (string | undefined)[],
): (string | undefined)[] {
  const held = new Map(members.map((member): [string, number[]] => [member, []]));
  owners.forEach((owner, partition) => held.get(owner ?? "")?.push(partition));
  // Members with more partitions get the larger shares, so that fewer move; the sort keeps the order among equals.
  const byHeld = [...members].sort((one, other) => held.get(other)!.length - held.get(one)!.length);
  const least = Math.floor(owners.length / Math.max(1, members.length));
  const larger = owners.length - least * members.length;
  const wanted: (string | undefined)[] = owners.map(() => undefined);
  const room = byHeld.map((member, index) => {
    const share = least + (index < larger ? 1 : 0);
    for (const partition of held.get(member)!.slice(0, share)) wanted[partition] = member;
    return { member, left: Math.max(0, share - held.get(member)!.length) };
  });
  for (let partition = 0; partition < wanted.length; partition++) {
    if (wanted[partition] !== undefined) continue;
    const taker = room.find(({ left }) => left > 0);
    if (taker === undefined) break;
    taker.left--;
    wanted[partition] = taker.member;
  }
  return wanted;
}

/** A partition that was assigned and cannot be read. */
export interface AssignmentFailure {
  partition: number;
  error: unknown;
}

/** Reads the partitions that a group assigns to it. */
export interface AssignmentListener {
  /** Partitions were assigned: reading them may begin. Returns those that cannot be read. */
  onAssigned(partitions: readonly number[]): readonly AssignmentFailure[];
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
