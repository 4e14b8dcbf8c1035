// Members of a group that are killed, stopped and woken between any two calls of the storage port, with clocks that
// step: driven by seeds, and held against what a group promises.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { ConsumerRequest, IncomingBatch } from "../../../src/contract.ts";
import { GroupConsumer } from "../../../src/drivers/files/group_consumer.ts";
import { PartitionMovedError } from "../../../src/errors.ts";
import {
  CursorFile,
  Membership,
  Partition,
  PartitionWriter,
  type Surroundings,
} from "../../../src/log/mod.ts";
import type { MemberProcess } from "../../../src/log/mod.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage, StorageFile } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../../log/port_wrapper.ts";
import { Random } from "../../simulation/disk/random.ts";

/** Seed 103 is of one that was killed while it took a partition over that was another's by then. */
const SEEDS = Number(process.env["DIASPORA_TEST_SEEDS"] ?? 110);
const STEPS = 150;
const PARTITIONS = 3;
const EVENTS = 12;
const TIMEOUT_MS = 1000;
/** How many programs may be stopped in the middle of something at a time. */
const DEPTH_MAX = 3;

class Killed extends Error {}

/** One story: a machine with programs that are members of one group. */
class Story {
  readonly random: Random;
  readonly folder = mkdtempSync(join(tmpdir(), "diaspora-seeds-"));
  readonly logs: Partition[];
  nowMs = 0;
  wallMs = 1_700_000_000_000;
  calm = false;
  depth = 0;
  programs: Program[] = [];
  /** By partition: below which everything is acknowledged; who each event was delivered to last. */
  readonly acknowledged = new Array<number>(PARTITIONS).fill(0);
  /** By partition: below which a process that was killed or refused may have stored it. */
  readonly maybe = new Array<number>(PARTITIONS).fill(0);
  readonly delivered = Array.from({ length: PARTITIONS }, () => new Map<number, Program>());
  #pids = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.logs = Array.from({ length: PARTITIONS }, (_, partition) => {
      const directory = `${this.folder}/${partition}`;
      nodeStorage.makeDirectory(directory);
      const log = new Partition({ storage: nodeStorage, directory, topic: "jobs", partition });
      const writer = new PartitionWriter(log, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
      for (let n = 0; n < EVENTS; n++) writer.append({ count: 1, metadata: [`${n}`], dataBytes: 0 });
      void writer.close();
      return log;
    });
  }

  async run(): Promise<void> {
    for (let count = 0; count < 3; count++) await this.start();
    for (let step = 0; step < STEPS; step++) {
      this.nowMs += this.random.below(120);
      if (this.random.chance(0.02)) this.wallMs += this.random.pick([-1, 1]) * this.random.below(7_200_000);
      if (this.programs.length < 2 || (this.programs.length < 5 && this.random.chance(0.05))) {
        await this.start();
      }
      const program = this.random.pick(this.programs);
      program.step();
      if (program.isClosing) await program.close();
      this.programs = this.programs.filter(({ isAlive }) => isAlive);
    }
    this.calm = true;
    for (const program of this.programs) program.stoppedUntil = 0;
    if (this.programs.length === 0) await this.start();
    for (let round = 0; round < 60; round++) {
      this.nowMs += 200;
      for (const program of this.programs) program.work();
      if (this.isDone()) break;
    }
    if (!this.isDone()) throw new Error(`events were not acknowledged in the end: ${this.acknowledged}`);
    for (const program of this.programs) await program.close();
  }

  /** Whether all is acknowledged, by whom it was done or by one that was killed before it knew. */
  isDone(): boolean {
    return this.acknowledged.every((id, partition) => {
      if (id === EVENTS) return true;
      const stored = new CursorFile(nodeStorage, `${this.folder}/${partition}.pos`).read()?.nextId;
      return stored === EVENTS && this.maybe[partition] === EVENTS;
    });
  }

  async start(): Promise<void> {
    const program = new Program(this, ++this.#pids);
    this.programs.push(program);
    await program.open();
  }

  /** Others take steps while one is stopped in the middle of a call. */
  interrupt(): void {
    if (this.depth === DEPTH_MAX) return;
    this.depth++;
    // Now and then for so long that it is taken for gone.
    const isLong = this.random.chance(0.4);
    for (let steps = 1 + this.random.below(isLong ? 40 : 6); steps > 0; steps--) {
      if (isLong) this.nowMs += 100;
      const others = this.programs.filter(({ isAlive, isInterrupted, isClosing }) =>
        isAlive && !isInterrupted && !isClosing
      );
      if (others.length > 0) this.random.pick(others).step();
    }
    this.depth--;
  }

  end(): void {
    for (const log of this.logs) log.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** One member in a process of its own. */
class Program implements Surroundings {
  readonly self: MemberProcess;
  isAlive = true;
  isInterrupted = false;
  isClosing = false;
  stoppedUntil = 0;
  #looks = new Set<() => void>();
  #soon = new Set<() => void>();
  #consumer: GroupConsumer | undefined;
  /** By partition: up to where events were read and not acknowledged. */
  readonly #read = new Map<number, number>();

  constructor(private readonly story: Story, pid: number) {
    this.self = { host: "here", pid, started: `${pid}` };
  }

  async open(): Promise<void> {
    const { story } = this;
    const storage = this.#storage();
    const group = `${story.folder}/group`;
    const request: ConsumerRequest = {
      from: "earliest",
      onCorruption: "throw",
      dataWanted: false,
      group: true,
      release: (partition) => {
        const next = this.#read.get(partition) ?? consumer.position(partition);
        this.#read.delete(partition);
        return next;
      },
    };
    const cursorOf = (partition: number) => new CursorFile(storage, `${story.folder}/${partition}.pos`);
    const consumer = new GroupConsumer(story.logs, request, cursorOf, {
      name: "workers",
      elapsedMs: () => this.elapsedMs(),
      patienceMs: TIMEOUT_MS,
      listen: () => undefined,
      join: (holder) => {
        const settings = { storage, directory: group, numPartitions: PARTITIONS, timeoutMs: TIMEOUT_MS };
        const membership = new Membership({ ...settings, around: this, holder });
        membership.join();
        return Promise.resolve(membership);
      },
    });
    try {
      await consumer.open();
      this.#consumer = consumer;
    } catch (error) {
      this.#tolerate(error);
    }
  }

  step(): void {
    const { random } = this.story;
    if (!this.isAlive || this.isClosing || this.#consumer === undefined) return;
    if (this.elapsedMs() < this.stoppedUntil) return;
    if (random.chance(0.04)) return this.#die();
    if (random.chance(0.03)) return void (this.isClosing = true);
    if (random.chance(0.08)) {
      return void (this.stoppedUntil = this.elapsedMs() + random.below(3 * TIMEOUT_MS));
    }
    this.#attempt(() => {
      if (random.chance(0.4)) return this.#look();
      if (random.chance(0.6)) return this.#readSome();
      this.#acknowledgeSome();
    });
  }

  /** Does everything that there is to do; nothing disturbs it any more. */
  work(): void {
    this.#attempt(() => {
      this.#look();
      for (let events = 0; events < EVENTS; events++) this.#readSome();
      this.#acknowledgeSome();
    });
  }

  async close(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    try {
      await consumer?.close();
    } catch (error) {
      this.#tolerate(error);
    }
    this.isAlive = false;
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }

  #readSome(): void {
    const consumer = this.#consumer!;
    const { random, acknowledged, delivered } = this.story;
    const { assigned } = consumer;
    if (assigned.length === 0) return;
    const partition = random.pick(assigned);
    const batch = consumer.read(partition, 1 + random.below(3)) as IncomingBatch | undefined;
    if (batch === undefined) return;
    const { baseId, count } = batch;
    if (baseId < acknowledged[partition]) {
      throw new Error(
        `event ${baseId} of partition ${partition} came again, acknowledged was ${acknowledged[partition]}`,
      );
    }
    for (let id = baseId; id < baseId + count; id++) delivered[partition].set(id, this);
    this.#read.set(partition, baseId + count);
  }

  #acknowledgeSome(): void {
    const { acknowledged, delivered, maybe } = this.story;
    for (const [partition, nextId] of [...this.#read]) {
      const maybeBefore = maybe[partition];
      maybe[partition] = Math.max(maybeBefore, nextId);
      try {
        this.#consumer!.acknowledge(partition, nextId);
      } catch (error) {
        if (!(error instanceof PartitionMovedError)) throw error;
        this.#read.delete(partition);
        continue;
      }
      for (let id = acknowledged[partition]; id < nextId; id++) {
        if (delivered[partition].get(id) === this || id < maybeBefore) continue;
        throw new Error(`a former owner acknowledged event ${id} of partition ${partition}`);
      }
      acknowledged[partition] = Math.max(acknowledged[partition], nextId);
    }
  }

  #attempt(work: () => void): void {
    if (!this.isAlive || this.#consumer === undefined) return;
    // Each step is a turn of the event loop.
    for (const call of [...this.#soon]) {
      this.#soon.delete(call);
      call();
    }
    try {
      work();
    } catch (error) {
      this.#tolerate(error);
    }
  }

  #tolerate(error: unknown): void {
    if (!(error instanceof Killed)) throw error;
  }

  #die(): void {
    this.isAlive = false;
    this.#looks.clear();
  }

  /** What may happen before any call that concerns the group. */
  #call(): void {
    const { story } = this;
    if (!this.isAlive) throw new Killed();
    if (story.calm) return;
    if (story.random.chance(0.003)) this.#die();
    else if (story.random.chance(0.02)) {
      this.isInterrupted = true;
      story.interrupt();
      this.isInterrupted = false;
    }
    if (!this.isAlive) throw new Killed();
  }

  #storage(): Storage {
    const before = <A extends unknown[], R>(call: (...parameters: A) => R) => (...parameters: A): R => {
      this.#call();
      return call(...parameters);
    };
    const file = (opened: StorageFile): Partial<StorageFile> => ({
      readAt: before((into, offset) => opened.readAt(into, offset)),
      writeAt: before((bytes, offset) => opened.writeAt(bytes, offset)),
      size: before(() => opened.size()),
    });
    const plain = changedStorage(file);
    return {
      ...plain,
      open: before((path, mode) => plain.open(path, mode)),
      list: before((path) => plain.list(path)),
      stat: before((path) => plain.stat(path)),
      readWhole: before((path, bytesMax) => plain.readWhole(path, bytesMax)),
      publish: before((path, content, options) => plain.publish(path, content, options)),
      remove: before((path) => plain.remove(path)),
      now: () => this.story.wallMs,
    };
  }

  isGone({ pid }: MemberProcess): boolean {
    return !this.story.programs.some((program) => program.self.pid === pid && program.isAlive);
  }

  elapsedMs(): number {
    return this.story.nowMs;
  }

  every(_ms: number, call: () => void): () => void {
    this.#looks.add(call);
    return () => void this.#looks.delete(call);
  }

  soon(call: () => void): () => void {
    this.#soon.add(call);
    return () => void this.#soon.delete(call);
  }
}

test(`in ${SEEDS} stories of members that are killed and stopped anywhere, no event is lost or acknowledged by a former owner`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const story = new Story(seed);
    try {
      await story.run();
    } catch (error) {
      throw new Error(`Seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    } finally {
      story.end();
    }
  }
});
