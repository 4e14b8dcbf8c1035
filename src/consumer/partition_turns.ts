import type { IncomingBatch } from "../contract.ts";

/**
 * Which partition is read next. They are read in turn, each up to a number of events; a turn ends earlier if the
 * engine has no more of them in memory, because other partitions may have events too.
 */
export class PartitionTurns {
  /** Index of the partition whose turn is next. */
  #nextIndex = 0;
  #current: number | undefined;
  #hasMore = false;
  /** How many more events are read in this turn, at most. */
  eventsLeft: number;

  constructor(private readonly eventsMax: number) {
    this.eventsLeft = eventsMax;
  }

  /** The partition to read from now, and until the next call; undefined if none is assigned. */
  next(assigned: readonly number[]): number | undefined {
    const stays = this.#hasMore && this.eventsLeft > 0 && assigned[this.#nextIndex - 1] === this.#current;
    this.#hasMore = false;
    if (stays) return this.#current;
    if (this.#nextIndex >= assigned.length) this.#nextIndex = 0;
    this.eventsLeft = this.eventsMax;
    return this.#current = assigned[this.#nextIndex++];
  }

  /** A batch was read. */
  noteRead({ count, hasMore }: IncomingBatch): void {
    this.eventsLeft -= count;
    this.#hasMore = hasMore === true;
  }
}
