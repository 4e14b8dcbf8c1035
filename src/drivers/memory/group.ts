import { clearInterval, setInterval } from "node:timers";
import process from "node:process";
import type { GroupMember } from "../../contract.ts";
import { assignPartitions } from "../../log/mod.ts";

/** How often it is looked whether a partition that is wanted elsewhere may go now, in milliseconds. */
const LOOK_MS = 50;

/** What the group asks of a member. */
export interface MemoryMember {
  readonly id: string;
  /** Begins with a partition. */
  enter(partition: number): void;
  /** Lets go of a partition that is wanted elsewhere; whether nothing of it is under way any more. */
  leave(partition: number): boolean;
  /** Goes on with a partition that is not wanted elsewhere any more. */
  stay(partition: number): void;
  /** The partition is another's. */
  lose(partition: number): void;
}

/** The consumers of one name that share the partitions of a topic in memory. */
export class MemoryGroup {
  readonly #members: MemoryMember[] = [];
  readonly #owners: (MemoryMember | undefined)[];
  #timer: ReturnType<typeof setInterval> | undefined;

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

  /** Whether the member has the partition. */
  owns(member: MemoryMember, partition: number): boolean {
    return this.#owners[partition] === member;
  }

  join(member: MemoryMember): void {
    this.#members.push(member);
    this.share();
  }

  remove(member: MemoryMember): void {
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    this.#owners.forEach((owner, partition) => {
      if (owner !== member) return;
      this.#owners[partition] = undefined;
      member.lose(partition);
    });
    this.share();
  }

  /** Gives every partition to the one that should have it, as far as that may be now. */
  share(): void {
    const ids = this.#members.map(({ id }) => id);
    const wanted = assignPartitions(ids, this.#owners.map((owner) => owner?.id));
    let isWaiting = false;
    this.#owners.forEach((owner, partition) => {
      const next = this.#members.find(({ id }) => id === wanted[partition]);
      if (next === owner) return owner?.stay(partition);
      if (owner !== undefined && !owner.leave(partition)) return void (isWaiting = true);
      this.#owners[partition] = next;
      owner?.lose(partition);
      next?.enter(partition);
    });
    if (isWaiting === (this.#timer !== undefined)) return;
    if (isWaiting) {
      this.#timer = setInterval(() => this.share(), LOOK_MS);
      this.#timer.unref();
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}
