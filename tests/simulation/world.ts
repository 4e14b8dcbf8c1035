import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/reader.ts";
import { readWindow } from "../../src/log/read_window.ts";
import { core } from "../../src/log/core.ts";
import {
  type FaultRates,
  SimulatedDisk,
  SimulatedKill,
  SimulatedProcess,
} from "../../src/storage/simulated.ts";
import { type Actor, ConsumerActor, DIRECTORY, ProducerActor, readEvent } from "./actors.ts";
import { BrokenPromise, Model } from "./model.ts";

const STEPS = 60;
/** More than a simulated process ever reads at once. */
const MEMORY_BYTES = 128 * 1024;

/** One simulated machine with some producers and consumers of one partition, driven by a seed. */
export class World {
  readonly disk: SimulatedDisk;
  readonly model: Model = new Model();
  readonly segmentBytesMax: number;
  hadPowerCut = false;
  #processes: SimulatedProcess[] = [];
  #actors: Actor[] = [];
  #running = new Set<Actor>();
  #pending = 0;
  #halfDone = 0;
  #broken: unknown;

  constructor(seed: number) {
    this.disk = new SimulatedDisk(seed);
    const { random } = this.disk;
    this.segmentBytesMax = random.chance(0.7) ? 4096 + random.below(8192) : 1 << 20;
    const setup = this.newProcess();
    setup.makeDirectory(DIRECTORY);
    setup.syncDirectory("/");
    const durability = random.below(3);
    for (let index = 0, count = 1 + random.below(3); index < count; index++) {
      const behavior = (["buffered", "on_flush", "immediate"] as const)[(durability + random.below(2)) % 3];
      this.#actors.push(new ProducerActor(this, `p${index}`, behavior));
    }
    for (let index = 0, count = 1 + random.below(2); index < count; index++) {
      // Two of one name at once, now and then.
      this.#actors.push(new ConsumerActor(this, `c${random.chance(0.3) ? 0 : index}`));
    }
    this.disk.faults = chooseFaults(random);
    this.disk.others = (readersOnly) => this.#runOthers(readersOnly);
  }

  newProcess(): SimulatedProcess {
    const process = new SimulatedProcess(this.disk);
    this.#processes.push(process);
    return process;
  }

  /** A promise whose outcome the model is told; the run waits for it. */
  track(promise: Promise<void>): void {
    this.#pending++;
    promise.catch((error) => this.#broken ??= error).finally(() => this.#pending--);
  }

  /** Runs the whole story; throws when a promise was broken. */
  async run(): Promise<void> {
    const { random } = this.disk;
    const powerCutAt = random.chance(0.3) ? random.below(STEPS) : -1;
    for (let count = 0; count < STEPS; count++) {
      this.#step(this.#actors[random.below(this.#actors.length)]);
      if (random.chance(0.5)) await this.#settle();
      if (count === powerCutAt) await this.#powerCut();
    }
    await this.#settle();
    this.disk.faults = {};
    this.#checkAll();
    this.#drainConsumers();
  }

  #step(actor: Actor): void {
    if (this.#running.has(actor)) return;
    this.#running.add(actor);
    try {
      actor.step();
    } catch (error) {
      if (!(error instanceof SimulatedKill)) throw error;
      actor.restart();
    } finally {
      this.#running.delete(actor);
    }
  }

  #runOthers(readersOnly: boolean): void {
    if (this.#running.size > 2) return;
    // Who interrupts a reader in the middle of somebody's append is in the middle of it too.
    if (readersOnly) this.#halfDone++;
    try {
      this.#runOther(this.#halfDone > 0);
    } finally {
      if (readersOnly) this.#halfDone--;
    }
  }

  #runOther(readersOnly: boolean): void {
    const others = this.#actors.filter((actor) =>
      !this.#running.has(actor) && !(readersOnly && actor.writes)
    );
    if (others.length === 0) return;
    // Processes share no memory, simulated ones do: put back what the interrupted one had.
    const restore = readWindow.snapshot(MEMORY_BYTES);
    const slot = core.u8.slice(core.slot, core.slot + 256);
    this.#step(others[this.disk.random.below(others.length)]);
    core.u8.set(slot, core.slot);
    restore();
  }

  /** Waits until every promise that can settle has. */
  async #settle(): Promise<void> {
    for (let turns = 0; turns < 50 && this.#pending > 0; turns++) await Promise.resolve();
    if (this.#broken !== undefined) throw this.#broken;
  }

  async #powerCut(): Promise<void> {
    for (const process of this.#processes) process.alive = false;
    await this.#settle();
    this.disk.powerCut();
    this.hadPowerCut = true;
    this.model.forgetUnsynced();
    this.model.checkDurable(this.#readAll());
    for (const actor of this.#actors) actor.restart();
  }

  /** Every event there is; without a power cut, all of them whole. */
  #readAll(): Map<number, string> {
    const { faults } = this.disk;
    this.disk.faults = {};
    const partition = new Partition({
      storage: this.newProcess(),
      directory: DIRECTORY,
      topic: "topic",
      partition: 0,
    });
    const reader = new PartitionReader(partition, {
      dataWanted: true,
      onCorruption: this.hadPowerCut ? "skip" : "throw",
    });
    reader.seek("earliest");
    const present = new Map<number, string>();
    for (let next = reader.position;;) {
      const batch = reader.read(100);
      if (batch === undefined) break;
      if (batch.baseId < next) throw new BrokenPromise(`event ${batch.baseId} comes after ${next - 1}`);
      if (batch.baseId > next && !this.hadPowerCut) throw new BrokenPromise(`event ${next} is missing`);
      for (let index = 0; index < batch.count; index++) {
        const push = readEvent(this, batch, index);
        if (push !== undefined) present.set(batch.baseId + index, push.key);
      }
      next = batch.baseId + batch.count;
    }
    this.disk.faults = faults;
    return present;
  }

  #checkAll(): void {
    const present = this.#readAll();
    const counts = new Map<string, number>();
    for (const key of present.values()) counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const [key, count] of counts) {
      if (count > 1) throw new BrokenPromise(`event ${key} is there ${count} times`);
    }
    for (const { key, id, outcome } of this.model.pushes.values()) {
      if (outcome === "completed" && id! >= this.model.trimmedTo && present.get(id!) !== key) {
        throw new BrokenPromise(`event ${id} (${key}) was stored and is not there`);
      }
    }
  }

  #drainConsumers(): void {
    const present = this.#readAll();
    for (const [name, delivered] of this.model.delivered) {
      const last = new ConsumerActor(this, name);
      last.drain();
      for (const [id, key] of present) {
        // One whose producer was killed in the middle may come to light when a power cut takes what stood behind it.
        if (!delivered.has(key) && this.model.pushes.get(key)!.wasCompleted) {
          throw new BrokenPromise(`${name} never got event ${id} (${key})`);
        }
      }
    }
  }
}

function chooseFaults(random: { chance(p: number): boolean }): FaultRates {
  return {
    preempt: random.chance(0.8) ? 0.1 : 0,
    kill: random.chance(0.6) ? 0.01 : 0,
    shortWrite: random.chance(0.4) ? 0.05 : 0,
    shortRead: random.chance(0.3) ? 0.1 : 0,
    error: random.chance(0.4) ? 0.02 : 0,
    halfSeen: random.chance(0.6) ? 0.2 : 0,
  };
}

/** Runs one seed; the error of a failing one says how to repeat it. */
export async function runSeed(seed: number): Promise<void> {
  try {
    await new World(seed).run();
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);
    throw new Error(
      `Seed ${seed} broke a promise; repeat it with: npm run simulate -- --seed ${seed}\n${why}`,
      { cause: error },
    );
  }
}
