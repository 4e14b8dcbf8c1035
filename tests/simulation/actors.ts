import { CorruptedLogError, EventGoneError, StorageError } from "../../src/errors.ts";
import { confirmedId } from "../../src/log/confirm.ts";
import { CursorFile } from "../../src/log/cursor.ts";
import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/reader.ts";
import type { StoredBatch } from "../../src/log/stored_batch.ts";
import { type FlushBehavior, PartitionWriter } from "../../src/log/writer.ts";
import { SimulatedKill, type SimulatedProcess } from "../../src/storage/simulated.ts";
import { BrokenPromise, type Push } from "./model.ts";
import type { World } from "./world.ts";

export const DIRECTORY = "/topic";

/** Something that takes steps until it is killed, and then begins anew in a new process. */
export interface Actor {
  readonly writes: boolean;
  step(): void;
  /** The process is dead; begin anew. */
  restart(): void;
}

function openPartition(process: SimulatedProcess): Partition {
  return new Partition({
    storage: process,
    directory: DIRECTORY,
    topic: "topic",
    partition: 0,
    indexIntervalBytes: 512,
  });
}

/** Pushes batches, and now and then flushes. */
export class ProducerActor implements Actor {
  readonly writes = true;
  #process!: SimulatedProcess;
  #writer!: PartitionWriter;
  #incarnation = 0;

  constructor(
    private readonly world: World,
    private readonly name: string,
    private readonly flushBehavior: FlushBehavior,
  ) {
    this.restart();
  }

  restart(): void {
    this.#incarnation++;
    this.#process = this.world.newProcess();
    this.#writer = new PartitionWriter(openPartition(this.#process), {
      flushBehavior: this.flushBehavior,
      segmentBytesMax: this.world.segmentBytesMax,
      chunkBytes: 4096,
    });
  }

  step(): void {
    const { model, disk: { random } } = this.world;
    if (random.chance(0.2)) return this.#flush();
    const single = random.chance(0.5);
    const owner = `${this.name}.${this.#incarnation}`;
    let pushes = Array.from({ length: single ? 1 : 1 + random.below(4) }, () => model.newPush(owner, random));
    // As the API does: a large data part travels alone.
    if (pushes.some(({ data }) => data.byteLength > 4096)) {
      for (const push of pushes.slice(1)) model.pushes.delete(push.key);
      pushes = pushes.slice(0, 1);
    }
    const batch = {
      count: pushes.length,
      metadata: pushes.map(({ metadata }) => metadata),
      data: pushes.map(({ data }) => data.byteLength === 0 ? undefined : data),
      dataBytes: pushes.reduce((sum, { data }) => sum + data.byteLength, 0),
    };
    try {
      const result = this.#writer.append(batch);
      if (typeof result === "number") return model.complete(pushes, result);
      this.world.track(
        result.then((id) => {
          model.complete(pushes, id);
          for (const push of pushes) push.isDurable = true;
        }, (error) => this.#failed(pushes, error, "unknown")),
      );
    } catch (error) {
      this.#failed(pushes, error, "failed");
      if (error instanceof SimulatedKill) throw error;
    }
  }

  #flush(): void {
    const { model } = this.world;
    const owner = `${this.name}.${this.#incarnation}-`;
    const before = [...model.pushes.values()].filter(({ key, outcome }) =>
      key.startsWith(owner) && outcome === "completed"
    );
    const process = this.#process;
    this.world.track(
      this.#writer.flush().then(() => {
        if (this.flushBehavior === "buffered" || !process.alive) return;
        for (const push of before) push.isDurable = true;
      }, (error) => this.#failed([], error, "unknown")),
    );
  }

  #failed(pushes: readonly Push[], error: unknown, outcome: "failed" | "unknown"): void {
    const isKill = error instanceof SimulatedKill;
    if (!isKill && !(error instanceof StorageError)) throw error;
    for (const push of pushes) push.outcome = isKill ? "unknown" : outcome;
  }
}

/** Reads under a name, acknowledges now and then, and begins anew where it acknowledged. */
export class ConsumerActor implements Actor {
  readonly writes = false;
  #process!: SimulatedProcess;
  #reader: PartitionReader | undefined;
  #cursor!: CursorFile;
  #partition!: Partition;
  #unacknowledged: { nextId: number; time: number } | undefined;
  #next = -1;

  constructor(private readonly world: World, private readonly name: string) {
    if (!world.model.delivered.has(name)) world.model.delivered.set(name, new Set());
    this.restart();
  }

  restart(): void {
    this.#process = this.world.newProcess();
    this.#partition = openPartition(this.#process);
    this.#reader = undefined;
    this.#cursor = new CursorFile(this.#process, `/${this.name}.pos`);
    this.#unacknowledged = undefined;
  }

  step(): void {
    try {
      this.#step();
    } catch (error) {
      if (error instanceof StorageError) return;
      if (!(error instanceof EventGoneError)) throw error;
      // Trimmed away under the reader: it is told, and goes on with what is there.
      if (error.firstId > this.world.model.trimmedTo) {
        throw new BrokenPromise(
          `events below ${error.firstId} are gone, trimmed were those below ${this.world.model.trimmedTo}`,
        );
      }
      this.#reader!.seek("earliest");
      this.#next = this.#reader!.position;
    }
  }

  /** Reads to the end, whatever is left. */
  drain(): void {
    for (let quiet = 0; quiet < 3;) {
      const before = this.#next;
      this.step();
      quiet = this.#next === before ? quiet + 1 : 0;
    }
  }

  #step(): void {
    const { model, disk: { random } } = this.world;
    const reader = this.#reader ??= this.#open();
    if (this.#unacknowledged !== undefined && random.chance(0.3)) {
      return this.#acknowledge(this.#unacknowledged);
    }
    const batch = reader.read(1 + random.below(6));
    if (batch === undefined) return;
    if (batch.baseId !== this.#next && !this.world.hadPowerCut) {
      throw new BrokenPromise(`${this.name} read event ${batch.baseId} where ${this.#next} comes next`);
    }
    for (let index = 0; index < batch.count; index++) {
      const push = this.#readEvent(batch, index);
      if (push !== undefined) model.delivered.get(this.name)!.add(push.key);
    }
    this.#next = batch.baseId + batch.count;
    this.#unacknowledged = { nextId: this.#next, time: batch.timestamp };
  }

  #readEvent(batch: StoredBatch, index: number): Push | undefined {
    try {
      return readEvent(this.world, batch, index);
    } catch (error) {
      // A consumer asks again for an event that it could not have: here by reading on from what was acknowledged.
      if (error instanceof StorageError) this.#reader = undefined;
      throw error;
    }
  }

  #open(): PartitionReader {
    const { model } = this.world;
    const reader = new PartitionReader(this.#partition, {
      dataWanted: this.world.disk.random.chance(0.5),
      onCorruption: this.world.hadPowerCut ? "skip" : "throw",
    });
    const stored = this.#cursor.read();
    const known = model.acknowledged.get(this.name);
    if (!this.world.hadPowerCut && known !== undefined && (stored === undefined || stored.nextId < known)) {
      throw new BrokenPromise(`${this.name} acknowledged up to ${known}, stored is ${stored?.nextId}`);
    }
    const position = stored === undefined ? undefined : confirmedId(this.#partition, stored);
    if (!this.world.hadPowerCut && stored !== undefined && position !== stored.nextId) {
      throw new BrokenPromise(`${this.name} stored position ${stored.nextId}, and goes on at ${position}`);
    }
    try {
      reader.seek(position === undefined ? "earliest" : { id: position });
    } catch (error) {
      if (!(error instanceof EventGoneError)) throw error;
      reader.seek("earliest");
    }
    this.#next = reader.position;
    return reader;
  }

  #acknowledge({ nextId, time }: { nextId: number; time: number }): void {
    this.#cursor.acknowledge(nextId, time);
    const { acknowledged } = this.world.model;
    acknowledged.set(this.name, Math.max(acknowledged.get(this.name) ?? 0, nextId));
    this.#unacknowledged = undefined;
  }
}

/** Reads one event whole and holds it against the model; undefined when a power cut took some of its data. */
export function readEvent(world: World, batch: StoredBatch, index: number): Push | undefined {
  const size = batch.dataSize(index);
  try {
    const data = batch.viewData(index, { offset: 0, size });
    return world.model.read(batch.baseId + index, batch.metadataText!(index), data);
  } catch (error) {
    const isLoss = error instanceof CorruptedLogError || error instanceof EventGoneError;
    if (isLoss && world.hadPowerCut) return undefined;
    throw error;
  }
}
