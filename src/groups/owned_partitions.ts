import type { AssignmentListener } from "./assignor.ts";
import type { Roster, RosterFiles } from "./roster.ts";

/** The partitions that a member owns; its listener is called when they change. */
export class OwnedPartitions {
  /** The epoch of the roster that assigned each. */
  readonly #epochs = new Map<number, number>();
  /** Those that another member should have. */
  readonly #revoking = new Set<number>();

  constructor(private readonly listener: AssignmentListener, private readonly files: RosterFiles) {}

  has(partition: number): boolean {
    return this.#epochs.has(partition);
  }

  /** Whether another member waits for one of them. */
  get areAwaited(): boolean {
    return this.#revoking.size > 0;
  }

  /** Whether a roster says that a member owns one, without interruption since it was assigned. */
  isIn(roster: Roster | undefined, id: string, partition: number): boolean {
    const share = roster?.shares[partition];
    return share?.owner === id && share.epoch === this.#epochs.get(partition);
  }

  /** Loses those that do not belong to a member by a roster; returns the others that do. */
  loseAllBut(roster: Roster | undefined, id: string): number[] {
    for (const partition of [...this.#epochs.keys()]) {
      if (!this.isIn(roster, id, partition)) this.lose(partition);
    }
    return [...roster?.shares.keys() ?? []].filter((partition) =>
      roster!.shares[partition]!.owner === id && !this.has(partition)
    );
  }

  /** Takes over what a roster assigned to a member, all together, so that each look at a folder serves all partitions. */
  take(roster: Roster, id: string, partitions: readonly number[]): void {
    // Noted first, because the listener may ask whether they are owned.
    for (const partition of partitions) this.#epochs.set(partition, roster.shares[partition]!.epoch);
    const kept = new Set<number>();
    try {
      const failures = this.listener.onAssigned(partitions);
      // Read after all of them were taken over: some may have moved to other members meanwhile.
      const last = this.files.readLast();
      for (const partition of partitions) if (this.isIn(last, id, partition)) kept.add(partition);
      for (const { partition } of failures) kept.delete(partition);
      const [failure] = failures;
      if (failure !== undefined) throw failure.error;
    } finally {
      for (const partition of partitions) if (!kept.has(partition)) this.lose(partition);
    }
  }

  /** Lets one go to another member; false if it is still being worked on. */
  revoke(partition: number): boolean {
    this.#revoking.add(partition);
    return this.listener.onRevoking(partition);
  }

  /** One that may have been revoked stays. */
  keep(partition: number): void {
    if (this.#revoking.delete(partition)) this.listener.onKept(partition);
  }

  /** One belongs to another member now, or to none. */
  lose(partition: number): void {
    this.#epochs.delete(partition);
    this.#revoking.delete(partition);
    this.listener.onLost(partition);
  }

  loseAll(): void {
    for (const partition of [...this.#epochs.keys()]) this.lose(partition);
  }
}
