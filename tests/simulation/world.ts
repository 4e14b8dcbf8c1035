import { resolve } from "node:path";
import { setImmediate } from "node:timers";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import type { IncomingBatch } from "../../src/contract.ts";
import {
  BackpressureError,
  CorruptedLogError,
  type Damage,
  EventGoneError,
  FlushError,
  StorageError,
} from "../../src/errors.ts";
import type { JsonObject } from "../../src/json.ts";
import type { GroupEnvironment } from "../../src/groups/mod.ts";
import { core } from "../../src/log/format/core/core.ts";
import { listingOf } from "../../src/log/segment/listing.ts";
import { baseIdOf } from "../../src/log/segment/segment_file.ts";
import { Partition } from "../../src/log/partition.ts";
import type { FlushBehavior } from "../../src/log/write/writer.ts";
import { DRAFT_SUFFIX, type Storage } from "../../src/storage/port.ts";
import { AdministratorProgram } from "./actors/administrator.ts";
import { ConsumerProgram } from "./actors/consumer.ts";
import { FounderProgram } from "./actors/founder.ts";
import { MemberProgram } from "./actors/member.ts";
import { ProducerProgram } from "./actors/producer.ts";
import { SubscriberProgram } from "./actors/subscriber.ts";
import type { Program } from "./actors/program.ts";
import { SimulatedDisk } from "./disk/disk.ts";
import { isSimulated, SimulatedKill } from "./disk/failure.ts";
import { SimulatedProcess } from "./disk/process.ts";
import { checkIsOnDisk } from "./durable_check.ts";
import { checkEverything, readAll } from "./final_checks.ts";
import { chooseFaults, chooseGroupFaults, type Theme, themeOf } from "./faults.ts";
import { drainGroup } from "./group_story.ts";
import { Model } from "./model.ts";
import { BrokenPromise } from "./model/broken_promise.ts";
import { GroupModel } from "./model/group_model.ts";
import type { Push } from "./model/push.ts";
import { RetentionModel } from "./model/retention_model.ts";
import { SideTopicModel } from "./model/side_topic_model.ts";
import { keepSharedMemory } from "./shared_memory.ts";

export const ROOT = resolve("/store");
export const TOPIC = "main";
export const DEFAULT_COMPONENTS = {
  validator: { type: "default" },
  partitionSelector: { type: "default" },
  serializer: { type: "default" },
};

/** Programs that push, read, trim and delete under their own names, or the members of a group. */
export type StoryKind = "log" | "group";

// A process that is interrupted while it reads holds addresses in the area, which must not move meanwhile.
core.ensureReadArea(2 << 20);

const STEPS = 100;
/** The same where each push is large, so that as much happens to segments. */
const STEPS_OF_LARGE = 70;
/** Most processes that may be in the middle of something at a time. */
const DEPTH_MAX = 6;
/**
 * System calls after which processes are no longer interrupted: a few histories of a hundred steps would
 * otherwise grow to hundreds of thousands of calls, and take half the time of all.
 */
const INTERRUPTED_CALLS_MAX = 20_000;
/** Turns of the microtask queue after which something is waiting in vain. */
const TURNS_MAX = 20_000;

/** The folder of a partition of the topic. */
export function directoryOf(partition: number): string {
  return `${ROOT}/${TOPIC}/partitions/${String(partition).padStart(8, "0")}`;
}

/** A simulated machine with programs that use one topic, driven by a seed. */
export class World {
  readonly disk: SimulatedDisk;
  readonly model: Model;
  readonly retention: RetentionModel;
  readonly sideTopic: SideTopicModel = new SideTopicModel();
  /** Only in a history of a group. */
  readonly group: GroupModel | undefined;
  readonly theme: Theme;
  readonly members: MemberProgram[] = [];
  readonly programs: Program[] = [];
  /** Steps taken by all programs. */
  steps = 0;
  /** Counts how often the machine was started. */
  machine = 0;
  #processes: SimulatedProcess[] = [];
  #running = new Set<Program>();
  #pending = 0;
  #broken: unknown;
  /** Whether writes are cut short, now or before: members report later what failed. */
  #cutsWrites = false;
  #powerCutAt = -1;
  /** How often the power may still be cut because names change, before the change is on the disk. */
  #namesLostMax = 0;
  #isPowerOff = false;
  /** Where memory of interrupted processes was kept, to be used again. */
  readonly #kept: Uint8Array[] = [];

  constructor(seed: number, kind: StoryKind = "log") {
    this.disk = new SimulatedDisk(seed);
    const { random } = this.disk;
    this.theme = themeOf(seed, kind);
    if (kind === "group") {
      this.model = new Model(this.disk, 1 + random.below(5));
      const isPeaceful = random.chance(0.3);
      this.group = new GroupModel(this.model.partitions.length, isPeaceful && this.theme === "everything");
    } else this.model = new Model(this.disk, random.chance(0.7) ? 1 : 2);
    this.retention = new RetentionModel(this.disk, this.model, this.group);
    const journal = random.pick(["global", "directory", "none"] as const);
    this.disk.names.journal = this.theme === "lost names" ? "none" : journal;
    this.disk.others = (interrupted, steps) => this.#runOthers(interrupted, steps);
    this.disk.beforeCall = () => {
      if (this.disk.calls === this.#powerCutAt) this.#turnOff();
    };
    this.disk.onUnlink = (process, path) => {
      this.#noteUnlink(process, path);
      this.#maybeLoseNames(path, 0.3);
    };
    this.disk.onPublish = (process, path) => {
      this.#notePublish(process, path);
      this.#maybeLoseNames(path, 0.05);
    };
  }

  /** Data parts are smaller than this, where segments are to be filled soon. */
  get dataBytesMax(): number | undefined {
    return ["stopped writers", "lost names", "removed work"].includes(this.theme) ? 3000 : undefined;
  }

  newProcess(): SimulatedProcess {
    const process = new SimulatedProcess(this.disk);
    this.#processes.push(process);
    return process;
  }

  openDriver(
    process: SimulatedProcess,
    flushBehavior?: FlushBehavior,
    environment?: GroupEnvironment,
  ): FilesDriver {
    const options: JsonObject = { root_path: ROOT, use_file_locking: this.theme === "locked appends" };
    if (flushBehavior !== undefined) options.flush_behavior = flushBehavior;
    const sizes = { indexIntervalBytes: 512, chunkBytes: 4096, frameDataBytes: 10_000 };
    return new FilesDriver(options, process, sizes, environment);
  }

  /** A promise that must settle; its error ends the history. */
  track(promise: PromiseLike<void>): void {
    const { machine } = this;
    this.#pending++;
    promise.then(() => {}, (error) => this.break(error)).then(() => {
      if (machine === this.machine) this.#pending--;
    });
  }

  /** Reports an error where there is no caller to throw it to. */
  break(error: unknown): void {
    if (!(error instanceof SimulatedKill)) this.#broken ??= error;
  }

  /** Throws unless the disk itself injected this error. */
  tolerate(error: unknown): void {
    if (error instanceof SimulatedKill || isSimulated(error)) return;
    if (error instanceof FlushError) return this.tolerate(error.cause);
    if (error instanceof BackpressureError) return;
    const isShortWrite = error instanceof StorageError && error.errno === "ENOSPC" &&
      this.#cutsWrites;
    if (!isShortWrite) throw error;
  }

  /** Random retention options. */
  retentionOptions(kind: "bytes" | "seconds" | "acknowledged" | "none"): {
    retention_bytes: number | null;
    retention_seconds: number | null;
    retention_acknowledged: boolean | null;
  } {
    const { random } = this.disk;
    return {
      retention_bytes: kind === "bytes" ? 2000 + random.below(20_000) : null,
      retention_seconds: kind === "seconds" ? random.pick([60, 3000]) : null,
      retention_acknowledged: kind === "acknowledged" ? true : null,
    };
  }

  /** Runs the whole history; throws if a promise was broken. */
  async run(): Promise<void> {
    await this.#begin();
    const { random } = this.disk;
    this.disk.faults = this.group === undefined
      ? chooseFaults(random, this.theme)
      : chooseGroupFaults(random, this.group, this.theme);
    const { shortWrite, shortUpdate } = this.disk.faults;
    this.#cutsWrites = shortWrite !== undefined || shortUpdate !== undefined;
    const hasPowerCuts = random.chance(this.disk.faults.failedSync === undefined ? 0.3 : 0.8);
    if (this.theme === "lost names") this.#namesLostMax = 1 + random.below(4);
    const powerCuts = hasPowerCuts && this.group?.isPeaceful !== true && this.theme !== "cut writes"
      ? Array.from({ length: 1 + random.below(2) }, () => random.below(STEPS))
      : [];
    // The second part of a write that the system split ends with a trailer. If a power cut destroys what was
    // before it, a reader may mistake it for the end of a frame there.
    this.disk.loopsOverShortWrites = powerCuts.length === 0 && this.#namesLostMax === 0;
    const steps = this.dataBytesMax === undefined ? STEPS : STEPS_OF_LARGE;
    for (let count = 0; count < steps; count++) {
      if (powerCuts.includes(count)) this.#powerCutAt = this.disk.calls + 1 + random.below(40);
      this.#step(random.pick(this.programs));
      if (this.#isPowerOff) await this.#powerCut();
      else if (random.chance(0.5)) await this.settle(false);
      this.#check();
    }
    // The power may have been cut while the last step settled.
    if (this.#isPowerOff) await this.#powerCut();
    this.#powerCutAt = -1;
    this.#namesLostMax = 0;
    await this.settle(true);
    this.disk.faults = {};
    const [members, others] = [
      this.members,
      this.programs.filter((each) => !(each instanceof MemberProgram)),
    ];
    for (const program of others) this.track(program.end());
    await this.settle(true);
    await drainGroup(this);
    for (const member of members) this.track(member.end());
    await this.settle(true);
    await checkEverything(this);
    this.#check();
    // Killed producers leave nothing behind.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Without faults, for a check that is not part of the history. */
  undisturbed<T>(look: () => T): T {
    const { faults } = this.disk;
    this.disk.faults = {};
    try {
      return look();
    } finally {
      this.disk.faults = faults;
    }
  }

  /** The current end of a partition. */
  endIdOf(partition: number): number {
    return this.undisturbed(() => {
      try {
        return this.openPartition(partition).end()?.id ?? 0;
      } catch (error) {
        if (this.#isPowerOff) return 0;
        throw error;
      }
    });
  }

  openPartition(partition: number, storage: Storage = new SimulatedProcess(this.disk)): Partition {
    // Without index entries, so that checking changes nothing.
    const indexIntervalBytes = Number.MAX_SAFE_INTEGER;
    return new Partition({
      storage,
      directory: directoryOf(partition),
      topic: TOPIC,
      partition,
      indexIntervalBytes,
    });
  }

  /**
   * Reads one event completely and compares it with the model; undefined if a power cut destroyed some of its
   * data, or retention removed it meanwhile.
   */
  readEvent(batch: IncomingBatch, index: number): Push | undefined {
    const id = batch.baseId + index;
    const metadata = batch.metadataText!(index);
    const push = this.model.readMetadata(batch.partition, id, metadata);
    const size = batch.dataSize(index);
    try {
      const data = batch.viewData!(index, { offset: 0, size }) as Uint8Array;
      return this.model.read(batch.partition, id, metadata, data);
    } catch (error) {
      const isLost = error instanceof CorruptedLogError && this.model.hadPowerCut;
      const isGone = error instanceof EventGoneError && error.firstId > id;
      if (!isLost && !isGone) throw error;
      if (push.outcome !== "completed") return undefined;
      // Retention may have removed it since its metadata was read.
      if (isGone && id < this.model.partitions[batch.partition].removedTo) return undefined;
      throw error;
    }
  }

  /**
   * A sync has covered these events: from now on a power cut must preserve them, even one that destroys all
   * that was not synced.
   */
  promiseDurable(pushes: readonly Push[]): void {
    for (const push of pushes) {
      if (push.isDurable) continue;
      push.isDurable = true;
      checkIsOnDisk(this, push);
    }
  }

  /** A reader learned that an event is gone. */
  checkGone(partition: number, { id, firstId }: EventGoneError): void {
    if (firstId <= id) {
      throw new BrokenPromise(`event ${id} is called gone, and the first one there is ${firstId}`);
    }
    const { removedTo } = this.model.partitions[partition];
    if (this.model.hadPowerCut) return this.model.checkLost(partition, id, firstId, "was called gone");
    if (this.retention.mayBeGone(partition, directoryOf(partition), id)) return;
    throw new BrokenPromise(`event ${id} is called gone, and removed were those below ${removedTo}`);
  }

  /** A reader learned about damage. */
  checkDamage({ partition, firstId, endId, reason }: Damage): void {
    const { removedTo, seen } = this.model.partitions[partition];
    if (reason.includes("is missing")) {
      for (let id = firstId; id < Math.min(endId, removedTo); id++) {
        // A segment that a power cut took was missing before it was removed, and may be reported as such.
        if (this.model.hadPowerCut && !seen.has(id)) continue;
        throw new BrokenPromise(`event ${id} was removed and is called damaged: ${reason}`);
      }
    }
    this.model.checkLost(partition, firstId, endId, `was called damaged (${reason})`);
  }

  async #begin(): Promise<void> {
    const { disk: { random }, model } = this;
    const setup = this.newProcess();
    setup.makeDirectory(ROOT);
    setup.syncDirectory("/");
    const hasSmallSegments = this.dataBytesMax !== undefined ||
      ["stepping clocks", "removed data"].includes(this.theme);
    const isRemoving = hasSmallSegments || random.chance(0.5);
    const kind = (this.group === undefined || this.theme === "removed work") && isRemoving
      ? random.pick(["bytes", "seconds", "acknowledged"] as const)
      : "none";
    const retention = this.retentionOptions(this.theme === "stepping clocks" ? "seconds" : kind);
    const options: JsonObject = {
      num_partitions: model.partitions.length,
      segment_bytes: hasSmallSegments || random.chance(0.7) ? 4096 + random.below(8192) : 1 << 20,
    };
    for (const [key, value] of Object.entries(retention)) if (value !== null) options[key] = value;
    this.retention.allow({
      bytesMax: retention.retention_bytes ?? undefined,
      seconds: retention.retention_seconds ?? undefined,
      acknowledged: retention.retention_acknowledged ?? undefined,
    });
    await this.openDriver(setup).createTopic(TOPIC, { options, ...DEFAULT_COMPONENTS });
    this.#choosePrograms();
  }

  #choosePrograms(): void {
    const { random } = this.disk;
    if (this.group !== undefined) return this.#chooseMembers();
    const durability = this.theme === "failing syncs" ? 1 : this.theme === "lost names" ? 0 : random.below(3);
    for (let index = 0, count = 1 + random.below(3); index < count; index++) {
      const behavior = (["buffered", "on_flush", "immediate"] as const)[(durability + random.below(2)) % 3];
      this.programs.push(new ProducerProgram(this, `p${index}`, behavior));
    }
    const names: string[] = [];
    for (let index = 0, count = 1 + random.below(2); index < count; index++) {
      // Sometimes two with the same name.
      const name = `c${random.chance(0.3) ? 0 : index}`;
      names.push(name);
      const isWhole = this.theme === "whole consumers";
      this.programs.push(isWhole ? new SubscriberProgram(this, name) : new ConsumerProgram(this, name));
    }
    if (random.chance(["lost names", "removed data"].includes(this.theme) ? 1 : 0.6)) {
      this.programs.push(new AdministratorProgram(this, "a0", names));
    }
    if (random.chance(0.2)) this.programs.push(new AdministratorProgram(this, "a1", names));
    if (random.chance(0.25)) {
      for (let index = 0; index < 2; index++) this.programs.push(new FounderProgram(this, `f${index}`));
    }
  }

  #chooseMembers(): void {
    const { random } = this.disk;
    for (let index = 0, count = 1 + random.below(2); index < count; index++) {
      const behavior = random.pick(["buffered", "on_flush", "immediate"] as const);
      this.programs.push(new ProducerProgram(this, `p${index}`, behavior));
    }
    // On one machine, they see each other's processes.
    const hosts = random.pick([["here"], ["here", "there"], [""]]);
    for (let index = 0, count = 2 + random.below(4); index < count; index++) {
      this.members.push(new MemberProgram(this, `m${index}`, random.pick(hosts)));
    }
    this.programs.push(...this.members);
  }

  #step(program: Program): void {
    if (this.#running.has(program) || this.#isPowerOff) return;
    this.#running.add(program);
    this.steps++;
    try {
      program.step();
    } catch (error) {
      // The interrupted one would not pass it on.
      this.break(error);
    } finally {
      this.#running.delete(program);
    }
    if (!program.process.alive && !this.#isPowerOff) program.restart();
  }

  #runOthers(interrupted: SimulatedProcess, steps: number): void {
    if (this.#isPowerOff || this.#running.size >= DEPTH_MAX) return;
    if (this.disk.calls > INTERRUPTED_CALLS_MAX) return;
    // Real processes share no memory, simulated ones do: restore what the interrupted one had.
    const restore = this.#keepMemory();
    try {
      for (let count = 0; count < steps && !this.#isPowerOff; count++) {
        const others = this.programs.filter((program) =>
          program.process !== interrupted && !program.process.isInterrupted && !this.#running.has(program)
        );
        if (others.length === 0) break;
        this.#step(this.disk.random.pick(others));
      }
    } finally {
      restore();
    }
  }

  /** Keeps the content of the processes' shared memory; the returned function puts it back. */
  #keepMemory(): () => void {
    // The window may hold a whole file; what lies after its area is not the window's.
    const bytes = core.slotBytes + Math.min(this.disk.bytesMax, core.readAreaBytes);
    // New memory for each interruption would cost more than the copy.
    let kept = this.#kept.pop();
    if (kept === undefined || kept.byteLength < bytes) kept = new Uint8Array(2 * bytes);
    const putBack = keepSharedMemory(kept.subarray(0, bytes));
    return () => {
      putBack();
      this.#kept.push(kept);
    };
  }

  /** Lets promises settle: all that can, or only some, so that syncs take a while. */
  async settle(all: boolean): Promise<void> {
    const { syncs, random } = this.disk;
    for (let turns = 0; this.#pending > 0 || turns < 10; turns++) {
      await Promise.resolve();
      if (this.#isPowerOff) return;
      if (turns % 20 === 19 && syncs.pending > 0) {
        if (!all && random.chance(0.3)) break;
        syncs.finishOne();
      } else if (turns > 60 && !all && syncs.pending === 0) break;
      // A batch that is not full is sent in the next turn of the event loop at the latest.
      if (turns % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
      if (turns > TURNS_MAX) throw new BrokenPromise("something neither completes nor fails");
    }
    // Continuations may have been killed.
    for (const program of this.programs) {
      if (!program.process.alive && !this.#isPowerOff) program.restart();
    }
    this.#check();
  }

  #check(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }

  #turnOff(): void {
    this.#isPowerOff = true;
    for (const process of this.#processes) if (process.alive) process.end();
    this.machine++;
  }

  async #powerCut(): Promise<void> {
    for (let turns = 0; turns < 200; turns++) await Promise.resolve();
    this.#check();
    this.#pending = 0;
    this.#processes = [];
    this.disk.powerCut();
    this.#isPowerOff = false;
    this.model.forgetUnsynced();
    this.sideTopic.forgetUnsynced();
    const present = this.undisturbed(() => readAll(this));
    this.model.checkDurable(present.map(({ events }) => events));
    present.forEach(({ endId }, partition) => {
      for (const consumer of this.model.consumers.values()) consumer.logEndsAt(partition, endId);
    });
    this.group?.forget();
    for (const program of this.programs) program.restart();
  }

  /** The power may be cut before what a process just did to the names of a partition is on the disk. */
  #maybeLoseNames(path: string, probability: number): void {
    if (this.#namesLostMax === 0 || this.#isPowerOff || path.endsWith(DRAFT_SUFFIX)) return;
    if (!path.startsWith(`${ROOT}/${TOPIC}/partitions/`)) return;
    const { random, calls } = this.disk;
    if (this.#powerCutAt > calls || !random.chance(probability)) return;
    this.#namesLostMax--;
    this.#powerCutAt = calls + 1 + random.below(4);
  }

  #noteUnlink(process: SimulatedProcess, path: string): void {
    const baseId = baseIdOf(path.slice(path.lastIndexOf("/") + 1));
    if (baseId !== undefined) this.#noteRemoval(process, path, () => [baseId]);
  }

  /** A name may say that segments are removed whose files still exist. */
  #notePublish(process: SimulatedProcess, path: string): void {
    const name = path.slice(path.lastIndexOf("/") + 1);
    this.#noteRemoval(process, path, (names) => {
      const kept = listingOf(names).ids;
      return listingOf(names.filter((each) => each !== name)).ids.filter((id) => !kept.includes(id));
    });
  }

  #noteRemoval(process: SimulatedProcess, path: string, removed: (names: string[]) => number[]): void {
    const since = this.programs.find((program) => program.process === process)?.stepAt ?? -1;
    for (const { partition } of this.model.partitions) {
      const directory = directoryOf(partition);
      if (!path.startsWith(`${directory}/`)) continue;
      const names = [...this.disk.names.directory(directory).entries.keys()];
      try {
        for (const baseId of removed(names)) this.retention.remove(partition, directory, baseId, since);
      } catch (error) {
        this.break(error);
      }
    }
  }
}

/** Runs one seed; the error of a failing one says how to repeat it. */
export async function runSeed(seed: number, kind: StoryKind = "log"): Promise<void> {
  try {
    await new World(seed, kind).run();
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);
    throw new Error(
      `Seed ${seed} broke a promise; repeat it with: npm run simulate -- --seed ${seed} --story ${kind}\n${why}`,
      { cause: error },
    );
  }
}
