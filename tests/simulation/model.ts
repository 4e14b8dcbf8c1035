import { Buffer } from "node:buffer";
import { ConsumerModel } from "./model/consumer_model.ts";
import { BrokenPromise } from "./model/broken_promise.ts";
import { PartitionModel } from "./model/partition_model.ts";
import type { Push } from "./model/push.ts";
import type { SimulatedDisk } from "./disk/disk.ts";

/** No data part has so many bytes. */
export const DATA_BYTES_MAX = 20_000;
/** What pushes have as data, each from another byte on: 256 of them differ in every byte. */
const PATTERN = Uint8Array.from({ length: 256 + DATA_BYTES_MAX }, (_, index) => index * 31);

/** What the log has promised so far, to compare with what is read. */
export class Model {
  readonly pushes: Map<string, Push> = new Map();
  readonly partitions: PartitionModel[];
  readonly consumers: Map<string, ConsumerModel> = new Map();
  hadPowerCut = false;

  constructor(private readonly disk: SimulatedDisk, numPartitions: number) {
    this.partitions = Array.from({ length: numPartitions }, (_, number) => new PartitionModel(number));
  }

  /** A push of an event, whose data part is smaller than `bytesMax`; else it has none, a small or a large one. */
  newPush(owner: string, partition: number, bytesMax?: number): Push {
    const { random, clock } = this.disk;
    const key = `${owner}-${this.pushes.size}`;
    const bytes = bytesMax === undefined
      ? random.chance(0.5) ? 0 : random.below(random.chance(0.1) ? 9000 : 300)
      : random.below(bytesMax);
    const start = this.pushes.size * 223 % 256;
    const data = PATTERN.subarray(start, start + bytes);
    const text = random.chance(0.2) ? "é☃" : "x".repeat(random.below(40));
    const push: Push = {
      key,
      partition,
      metadata: JSON.stringify({ key, text }),
      data,
      outcome: "pending",
      wasCompleted: false,
      isDurable: false,
      startedAt: clock.time,
      endedAt: Infinity,
    };
    this.pushes.set(key, push);
    return push;
  }

  consumer(name: string): ConsumerModel {
    let consumer = this.consumers.get(name);
    if (consumer === undefined) {
      consumer = new ConsumerModel(name, this.partitions.length);
      this.consumers.set(name, consumer);
    }
    return consumer;
  }

  /** A push completed: its event is stored under this id. */
  complete(push: Push, id: number): void {
    push.outcome = "completed";
    push.wasCompleted = true;
    push.endedAt = this.disk.clock.time;
    if (push.id !== undefined && push.id !== id) {
      throw new BrokenPromise(`event ${push.key} was read as ${push.id} and stored as ${id}`);
    }
    push.id = id;
    this.partitions[push.partition].note(id, push.key);
  }

  /** An event was read: it must be one that was pushed, unchanged, and always the same under its id. */
  read(partition: number, id: number, metadata: string, data: Uint8Array): Push {
    const push = this.readMetadata(partition, id, metadata);
    if (Buffer.compare(push.data, data) !== 0) {
      throw new BrokenPromise(`event ${id} (${push.key}) has other data than pushed`);
    }
    return push;
  }

  /** The same for an event whose data was not read. */
  readMetadata(partition: number, id: number, metadata: string): Push {
    const { seen } = this.partitions[partition];
    // Mostly it was read before.
    let push = this.pushes.get(seen.get(id) ?? "");
    const key = push?.metadata === metadata ? push.key : keyOf(id, metadata);
    push = this.pushes.get(key);
    if (push === undefined) throw new BrokenPromise(`event ${id} was never pushed: ${key}`);
    if (push.partition !== partition) throw new BrokenPromise(`event ${id} (${key}) is in another partition`);
    if (push.metadata !== metadata) {
      throw new BrokenPromise(`event ${id} (${key}) has other metadata than pushed`);
    }
    if (push.outcome === "failed") {
      throw new BrokenPromise(`event ${id} (${key}) is there although its push failed`);
    }
    if (push.id !== undefined && push.id !== id) {
      throw new BrokenPromise(`event ${key} has id ${id} and id ${push.id}`);
    }
    this.partitions[partition].note(id, key);
    push.id = id;
    return push;
  }

  /** The power was cut: only what a completed sync covers is still promised. */
  forgetUnsynced(): void {
    this.hadPowerCut = true;
    for (const partition of this.partitions) partition.seen.clear();
    for (const push of this.pushes.values()) {
      if (push.isDurable) this.partitions[push.partition].seen.set(push.id!, push.key);
      else [push.outcome, push.id] = ["unknown", undefined];
    }
    for (const consumer of this.consumers.values()) consumer.forget();
  }

  /** The log was read completely after a power cut: returns the next id of each partition. */
  checkDurable(present: readonly ReadonlyMap<number, string>[]): void {
    for (const push of this.pushes.values()) {
      if (push.isDurable) this.#checkPresent(push, present, "was on the disk and is gone after a power cut");
    }
  }

  /** The log was read completely: every completed event must exist, once, under its id. */
  checkComplete(present: readonly ReadonlyMap<number, string>[]): void {
    const seen = new Set<string>();
    for (const events of present) {
      for (const key of events.values()) {
        if (seen.has(key)) throw new BrokenPromise(`event ${key} is in it twice`);
        seen.add(key);
      }
    }
    for (const push of this.pushes.values()) {
      if (push.outcome === "completed") this.#checkPresent(push, present, "was stored and is not there");
    }
  }

  /** Events of a range were reported lost, or were skipped: none of them may be a promised one. */
  checkLost(partition: number, firstId: number, endId: number, how: string): void {
    const { removedTo, seen } = this.partitions[partition];
    for (let id = Math.max(firstId, removedTo); id < Math.min(endId, firstId + 10_000); id++) {
      const key = seen.get(id);
      const push = key === undefined ? undefined : this.pushes.get(key);
      if (push !== undefined && (push.outcome === "completed" || !this.hadPowerCut)) {
        throw new BrokenPromise(`event ${id} (${key}) ${how}`);
      }
    }
    if (!this.hadPowerCut && endId > Math.max(firstId, removedTo)) {
      throw new BrokenPromise(`events ${firstId} to ${endId - 1}: ${how}`);
    }
  }

  #checkPresent(
    { partition, id, key }: Push,
    present: readonly ReadonlyMap<number, string>[],
    how: string,
  ): void {
    if (id! < this.partitions[partition].removedTo) return;
    if (present[partition].get(id!) !== key) {
      throw new BrokenPromise(`event ${id} (${key}) of partition ${partition} ${how}`);
    }
  }
}

/** The key that an event's metadata names. */
function keyOf(id: number, metadata: string): string {
  try {
    return JSON.parse(metadata).key;
  } catch {
    throw new BrokenPromise(`event ${id} has metadata that no one pushed: ${metadata.slice(0, 80)}`);
  }
}
