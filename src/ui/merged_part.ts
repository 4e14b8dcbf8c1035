import type { PartitionDescription, Topic } from "../../mod.ts";
import type { EventView } from "./contract.ts";
import { readEvents, type ReadResult } from "./event_reader.ts";
import type { EventFilter } from "./filter.ts";

/** Topics with more partitions are read in smaller steps, since most partitions have few events on a page. */
export const MANY_PARTITIONS = 16;

/** Whether a page continues to older or to newer events. */
export type Direction = "older" | "newer";

/** The part of a page from one partition: from `low` to before `high`. */
export class Part {
  readonly partition: number;
  readonly firstId: number;
  readonly endId: number;
  low: number;
  high: number;

  constructor(
    private readonly topic: Topic,
    { partition, firstId, nextId }: PartitionDescription,
    begin: number | undefined,
    private readonly direction: Direction,
  ) {
    this.partition = partition;
    this.firstId = firstId;
    this.endId = nextId;
    this.low = this.high = Math.min(
      Math.max(begin ?? (direction === "older" ? nextId : firstId), firstId),
      nextId,
    );
  }

  /** Number of events not yet read in the direction. */
  get left(): number {
    return this.direction === "older" ? this.low - this.firstId : this.endId - this.high;
  }

  /** Reads the next events in the direction; of more matches of a filter, only the first ones that it comes to. */
  async read(count: number, filter?: EventFilter, matchesMax = Infinity): Promise<ReadResult> {
    const { partition, direction } = this;
    const isOlder = direction === "older";
    const fromId = isOlder ? Math.max(this.firstId, this.low - count) : this.high;
    const endId = isOlder ? this.low : Math.min(this.endId, this.high + count);
    const read = await readEvents(this.topic, {
      partition,
      fromId,
      endId,
      limit: isOlder ? Infinity : matchesMax,
      filter,
      deadlineMs: Infinity,
    });
    if (!isOlder) {
      this.high = read.untilId;
      return read;
    }
    this.low = fromId;
    if (read.events.length > matchesMax) {
      read.events.splice(0, read.events.length - matchesMax);
      const { id, timestamp } = read.events[0]!;
      this.low = id;
      read.times!.first = timestamp;
    }
    return read;
  }
}

/** The order of events of all partitions. */
export function byTime(one: EventView, other: EventView): number {
  return one.timestamp - other.timestamp || one.id - other.id || one.partition - other.partition;
}

/** The order in which a direction comes to events. */
export function orderOf(direction: Direction): typeof byTime {
  return direction === "newer" ? byTime : (one, other) => byTime(other, one);
}
