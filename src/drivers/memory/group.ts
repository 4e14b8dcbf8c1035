import { clearInterval, setInterval } from "node:timers";
import process from "node:process";
import type { GroupMember } from "../../contract.ts";
import { assignPartitions } from "../../groups/mod.ts";

/** How often to check whether a revoked partition can be handed over, in milliseconds. */
const POLL_MS = 50;

/** What the group requires of a member. */
export interface MemoryMember {
  readonly id: string;
  /** A partition was assigned: starts reading it. */
  assign(partition: number): void;
  /**
   * A partition is to be revoked: stops reading it; returns whether it can be handed over now, because all
   * delivered events are acknowledged or it has waited long enough for that.
   */
  tryRevoke(partition: number): boolean;
  /** A partition is no longer to be revoked: continues reading it. */
  keep(partition: number): void;
  /** A partition was revoked. */
  revoke(partition: number): void;
}

/** The consumers of one name that share the partitions of a topic in memory. */
export class MemoryGroup {
  readonly #members: MemoryMember[] = [];
  readonly #owners: (MemoryMember | undefined)[];
  #timer: ReturnType<typeof setInterval> | undefined;
  #rounds = 0;

  constructor(numPartitions: number) {
    this.#owners = Array.from({ length: numPartitions }, () => undefined);
  }

  get isEmpty(): boolean {
    return this.#members.length === 0;
  }

  get members(): GroupMember[] {
    return this.#members.map((member) => ({
      id: member.id,
      host: "",
      pid: process.pid,
      partitions: this.#owners.flatMap((owner, partition) => owner === member ? [partition] : []),
    }));
  }

  /** Whether the partition is assigned to the member. */
  owns(member: MemoryMember, partition: number): boolean {
    return this.#owners[partition] === member;
  }

  join(member: MemoryMember): void {
    this.#members.push(member);
    this.rebalance();
  }

  remove(member: MemoryMember): void {
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    this.#owners.forEach((owner, partition) => {
      if (owner !== member) return;
      this.#owners[partition] = undefined;
      member.revoke(partition);
    });
    this.rebalance();
  }

  /** Rebalances: hands over partitions as far as possible now. */
  rebalance(): void {
    const round = ++this.#rounds;
    const ids = this.#members.map(({ id }) => id);
    const wanted = assignPartitions(ids, this.#owners.map((owner) => owner?.id));
    let isWaiting = false;
    for (const [partition, owner] of this.#owners.entries()) {
      const next = this.#members.find(({ id }) => id === wanted[partition]);
      if (next === owner) owner?.keep(partition);
      else if (owner !== undefined && !owner.tryRevoke(partition)) isWaiting = true;
      else if (round === this.#rounds) {
        this.#owners[partition] = next;
        owner?.revoke(partition);
        next?.assign(partition);
      }
      // A member that was called has left: everything was rebalanced without it.
      if (round !== this.#rounds) return;
    }
    if (isWaiting === (this.#timer !== undefined)) return;
    if (isWaiting) {
      this.#timer = setInterval(() => this.rebalance(), POLL_MS);
      this.#timer.unref();
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}
