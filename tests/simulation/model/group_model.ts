import { BrokenPromise } from "./broken_promise.ts";

/** Reads and acknowledgements of one member while it owns a partition. */
export interface Reading {
  member: string;
  /** Keys of events that were delivered and not acknowledged, by id. */
  open: Map<number, string>;
}

/** An event was delivered to a member. */
interface Delivery {
  reading: Reading;
  /** When the call that delivered it began and ended, counted by the model. */
  begun: number;
  ended: number;
}

interface GroupPartition {
  /** Everything below is acknowledged. */
  acknowledged: number;
  /** No higher position was ever stored. */
  greatest: number;
  /** What was delivered since the last power cut, in the order in which the calls ended. */
  deliveries: Map<number, Delivery[]>;
}

/** What a group promises, compared with what its members get. */
export class GroupModel {
  readonly partitions: GroupPartition[];
  /** Keys of events whose acknowledgement succeeded. */
  readonly acknowledged: Set<string> = new Set();
  /** Keys of events for which that is unknown: killed, refused or failed in the middle of it. */
  readonly attempted: Set<string> = new Set();
  #moments = 0;

  /**
   * `isPeaceful`: no member dies or is stopped, and each acknowledges everything it got, so nothing is
   * delivered twice.
   */
  constructor(numPartitions: number, readonly isPeaceful: boolean) {
    this.partitions = Array.from({ length: numPartitions }, () => ({
      acknowledged: 0,
      greatest: 0,
      deliveries: new Map(),
    }));
  }

  /** A moment after all previous ones. */
  get moment(): number {
    return ++this.#moments;
  }

  /** A member gets an event, at a moment at which it relies on being the owner: no other one has acknowledged it. */
  deliver(
    partition: number,
    event: { id: number; key: string },
    { reading, begun }: { reading: Reading; begun: number },
  ): void {
    const { deliveries, acknowledged } = this.partitions[partition];
    const { id, key } = event;
    const name = `event ${id} (${key}) of partition ${partition}`;
    if (id < acknowledged) {
      throw new BrokenPromise(`${name} was acknowledged and came again to ${reading.member}`);
    }
    const before = deliveries.get(id) ?? [];
    if (this.isPeaceful && before.length > 0) {
      throw new BrokenPromise(`${name} came to ${before[0].reading.member} and again to ${reading.member}`);
    }
    deliveries.set(id, [...before, { reading, begun, ended: this.moment }]);
    reading.open.set(id, key);
  }

  /** A member begins to acknowledge what it got below an id. */
  acknowledging(partition: number, reading: Reading, nextId: number): void {
    const known = this.partitions[partition];
    known.greatest = Math.max(known.greatest, nextId);
    for (const [id, key] of reading.open) if (id < nextId) this.attempted.add(key);
  }

  /** It is done; `begun` is when the call began. */
  acknowledge(
    partition: number,
    nextId: number,
    { reading, begun }: { reading: Reading; begun: number },
  ): void {
    const { deliveries } = this.partitions[partition];
    for (const [id, key] of reading.open) {
      if (id >= nextId) continue;
      const all = deliveries.get(id) ?? [];
      const own = all.findLast((delivery) => delivery.reading === reading);
      // It was delivered to another member between the two calls of this one: that member is the owner since.
      const later = all.find((other) =>
        own !== undefined && other.reading !== reading && other.begun > own.ended && other.ended < begun
      );
      if (later !== undefined) {
        throw new BrokenPromise(
          `event ${id} (${key}) of partition ${partition} was acknowledged by ${reading.member}, ` +
            `and is ${later.reading.member}'s`,
        );
      }
      this.acknowledged.add(key);
      reading.open.delete(id);
    }
    const known = this.partitions[partition];
    known.acknowledged = Math.max(known.acknowledged, nextId);
  }

  /** The power was cut: positions are not synced, and ids may be reused. */
  forget(): void {
    for (const partition of this.partitions) {
      partition.acknowledged = 0;
      partition.deliveries.clear();
    }
  }
}
