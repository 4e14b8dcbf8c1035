import type { ConsumerInterface, IncomingBatch, TopicInterface } from "../../../src/contract.ts";
import { CorruptedLogError, EventGoneError, PartitionMovedError } from "../../../src/errors.ts";
import type { GroupConsumer } from "../../../src/drivers/files/group_consumer.ts";
import type { GroupEnvironment, MemberProcess } from "../../../src/groups/mod.ts";
import { SimulatedKill } from "../disk/failure.ts";
import type { SimulatedProcess } from "../disk/process.ts";
import { BrokenPromise } from "../model/broken_promise.ts";
import type { GroupModel, Reading } from "../model/group_model.ts";
import type { World } from "../world.ts";
import { Program } from "./program.ts";

export const GROUP = "workers";
/** Time without a heartbeat after which a member is considered dead. */
const TIMEOUT_MS = 1000;
/** The same if no member must be considered dead. */
const PEACEFUL_TIMEOUT_MS = 600_000;
/** Most steps that a member skips before it joins again. */
const AWAY_STEPS_MAX = 40;
/** Process ids: few, so that they are reused. */
const PIDS = 12;

/** A member's state of a partition. */
interface Share {
  reading: Reading;
  /** The next id. */
  next: number;
  /** Whether the partition has been taken away since. */
  isLost: boolean;
  /** Whether it is to be given away: what was read ahead is not delivered any more. */
  isReleased: boolean;
}

/**
 * A group member: joins, reads, acknowledges, leaves, is stopped for long, and joins again after it was
 * killed.
 */
export class MemberProgram extends Program implements GroupEnvironment {
  self!: MemberProcess;
  #consumer: ConsumerInterface | undefined;
  #isOpen = false;
  #isClosing = false;
  #awayUntil = 0;
  #stoppedUntilMs = 0;
  /** The process that `self` refers to. */
  #ownProcess: SimulatedProcess | undefined;
  /** Its timers, and what it does in the next turn. */
  #timers = new Set<() => void>();
  #soon = new Set<() => void>();
  readonly #shares = new Map<number, Share>();
  readonly #model: GroupModel;

  constructor(world: World, name: string, private readonly host: string) {
    super(world, name);
    this.#model = world.group!;
    this.restart();
  }

  /** The partitions that it owns. */
  get assigned(): readonly number[] {
    return this.#consumer?.assigned ?? [];
  }

  get isMember(): boolean {
    return this.#isOpen;
  }

  override step(): void {
    const { world } = this;
    const { random, clock } = world.disk;
    clock.pass(this.#pace());
    if (world.steps < this.#awayUntil || clock.time < this.#stoppedUntilMs) return;
    if (!this.#model.isPeaceful && this.#isOpen) {
      if (random.chance(0.02)) return this.process.end();
      if (random.chance(0.05)) return void (this.#stoppedUntilMs = clock.time + random.below(4 * TIMEOUT_MS));
    }
    super.step();
  }

  /** How long a step takes: also long and short ones in turn, so that much happens before a lease is renewed. */
  #pace(): number {
    const { disk: { random }, theme } = this.world;
    if (theme === "stopped members") return random.below(random.chance(0.15) ? 1500 : 5);
    return random.below(this.#model.isPeaceful ? 20 : 150);
  }

  /** Does all the remaining work; nothing fails any more. */
  work(): void {
    this.#awayUntil = this.#stoppedUntilMs = 0;
    if (!this.#isOpen || this.#isClosing) return super.step();
    this.#turn();
    this.#look();
    for (const partition of this.#consumer!.assigned) while (this.#readSome(this.#consumer!, partition));
    for (const [partition, { reading }] of [...this.#shares]) {
      if (reading.open.size > 0) this.#acknowledge(this.#consumer!, partition);
    }
  }

  override async end(): Promise<void> {
    await this.#consumer?.close();
    await super.end();
  }

  isGone({ pid, started }: MemberProcess, thorough: boolean): boolean {
    const other = this.world.members.find((each) => each.self.pid === pid && each.host === this.host);
    if (other === undefined || !other.#ownProcess!.alive) return true;
    return thorough && other.self.started !== started;
  }

  elapsedMs(): number {
    return this.world.disk.clock.time;
  }

  every(_ms: number, call: () => void): () => void {
    this.#timers.add(call);
    return () => void this.#timers.delete(call);
  }

  soon(call: () => void): () => void {
    this.#soon.add(call);
    return () => void this.#soon.delete(call);
  }

  sleep(ms: number): Promise<void> {
    this.world.disk.clock.pass(ms);
    return Promise.resolve();
  }

  protected override begin(): void {
    const { disk, steps, members } = this.world;
    this.#consumer = undefined;
    this.#isOpen = this.#isClosing = false;
    this.#timers = new Set();
    this.#soon = new Set();
    this.#shares.clear();
    this.#ownProcess = this.process;
    let pid: number;
    do pid = 1 + disk.random.below(PIDS); while (
      members.some((other) => other !== this && other.self.pid === pid)
    );
    this.self = { host: this.host, pid, started: `${disk.calls}.${disk.random.next32()}` };
    this.#awayUntil = steps + disk.random.below(AWAY_STEPS_MAX);
    this.driver = this.world.openDriver(this.process, undefined, this);
  }

  protected override act(topic: TopicInterface): void {
    const { random } = this.world.disk;
    const consumer = this.#consumer;
    if (consumer === undefined) return this.#join(topic);
    if (!this.#isOpen || this.#isClosing) return;
    this.#turn();
    if (random.chance(0.4)) return this.#look();
    if (random.chance(0.04) && this.#mayLeave()) return this.#leave(consumer);
    const open = [...this.#shares].filter(([, { reading }]) => reading.open.size > 0);
    if (open.length > 0 && random.chance(0.5)) return this.#acknowledge(consumer, random.pick(open)[0]);
    const { assigned } = consumer;
    if (assigned.length > 0) this.#readSome(consumer, random.pick(assigned));
  }

  #join(topic: TopicInterface): void {
    const { model, disk: { random } } = this.world;
    this.#shares.clear();
    const consumer: ConsumerInterface = topic.consumer(GROUP, {
      from: "earliest",
      dataWanted: random.chance(0.5),
      onCorruption: model.hadPowerCut ? "skip" : "throw",
      onDamage: ({ damage }) => this.world.checkDamage(damage),
      group: true,
      groupTimeoutMs: this.#model.isPeaceful ? PEACEFUL_TIMEOUT_MS : TIMEOUT_MS,
      release: (partition) => {
        const share = this.#shares.get(partition);
        if (share !== undefined) share.isReleased = true;
        return share?.next ?? consumer.position(partition);
      },
    });
    this.#watchShares(consumer as GroupConsumer);
    this.#consumer = consumer;
    this.follow(consumer.open(), () => this.#isOpen = true, () => this.#gone(consumer));
  }

  /** Its state of a partition ends with its ownership. */
  #watchShares(consumer: GroupConsumer): void {
    const { onAssigned, onLost } = consumer;
    consumer.onAssigned = (partitions) => {
      for (const partition of partitions) this.#shares.delete(partition);
      return onAssigned.call(consumer, partitions);
    };
    consumer.onLost = (partition) => {
      onLost.call(consumer, partition);
      const share = this.#shares.get(partition);
      if (share !== undefined) share.isLost = true;
    };
  }

  /** Without faults, a member that has not acknowledged everything it got stays. */
  #mayLeave(): boolean {
    return !this.#model.isPeaceful ||
      [...this.#shares.values()].every(({ reading }) => reading.open.size === 0);
  }

  #leave(consumer: ConsumerInterface): void {
    this.#isClosing = true;
    this.follow(consumer.close(), () => this.#gone(consumer), () => this.#gone(consumer));
  }

  #gone(consumer: ConsumerInterface): void {
    if (this.#consumer !== consumer) return;
    const { random } = this.world.disk;
    this.#consumer = undefined;
    this.#isOpen = this.#isClosing = false;
    this.#awayUntil = this.world.steps + random.below(AWAY_STEPS_MAX);
    if (random.chance(0.3)) this.closeTopic();
  }

  /** Each step is a turn of the event loop. */
  #turn(): void {
    for (const call of [...this.#soon]) {
      this.#soon.delete(call);
      call();
    }
  }

  #look(): void {
    for (const look of [...this.#timers]) look();
  }

  #begin(partition: number, next: number): Share {
    const reading: Reading = { member: `${this.name}, process ${this.self.pid}`, open: new Map() };
    const share = { reading, next, isLost: false, isReleased: false };
    this.#shares.set(partition, share);
    return share;
  }

  /** Reads a batch; false if there was none. */
  #readSome(consumer: ConsumerInterface, partition: number): boolean {
    const begun = this.#model.moment;
    const batch = this.#attempt(partition, () => {
      if (!consumer.assigned.includes(partition)) return undefined;
      return consumer.read(partition, 1 + this.world.disk.random.below(6)) as IncomingBatch | undefined;
    });
    if (batch === undefined) return false;
    const { baseId, count } = batch;
    const share = this.#shares.get(partition) ?? this.#begin(partition, baseId);
    if (baseId < share.next) {
      throw new BrokenPromise(`${this.name} read event ${baseId} after event ${share.next - 1}`);
    }
    this.world.model.checkLost(partition, share.next, baseId, `was passed over by ${this.name}`);
    share.next = baseId;
    share.isReleased = false;
    for (let index = 0; index < count; index++) {
      const id = baseId + index;
      if (!this.#mayDeliver(consumer, partition, share)) break;
      const { key } = this.world.model.readMetadata(partition, id, batch.metadataText!(index));
      this.#model.deliver(partition, { id, key }, { reading: share.reading, begun });
      share.next = id + 1;
    }
    return true;
  }

  /** What the consumer asks before it delivers an event: this process may have been stopped since it was read. */
  #mayDeliver(consumer: ConsumerInterface, partition: number, share: Share): boolean {
    this.#attempt(partition, () => void consumer.checkOwnership!());
    return this.#shares.get(partition) === share && !share.isLost && !share.isReleased;
  }

  #acknowledge(consumer: ConsumerInterface, partition: number): void {
    const share = this.#shares.get(partition)!;
    const { reading, next, isLost } = share;
    const begun = this.#model.moment;
    this.#model.acknowledging(partition, reading, next);
    this.#attempt(partition, () => {
      void consumer.acknowledge(partition, next);
      // The partition was returned in the middle of it.
      if (this.#shares.get(partition) !== share) return;
      if (isLost) {
        throw new BrokenPromise(
          `${reading.member} acknowledged in partition ${partition}, which it had lost`,
        );
      }
      this.#model.acknowledge(partition, next, { reading, begun });
    });
  }

  #attempt<T>(partition: number, look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (error instanceof SimulatedKill || error instanceof BrokenPromise) throw error;
      if (error instanceof PartitionMovedError && !this.#model.isPeaceful) this.#shares.delete(partition);
      else if (error instanceof EventGoneError) this.world.checkGone(partition, error);
      else if (error instanceof CorruptedLogError && this.world.model.hadPowerCut) {
        this.world.checkDamage(error.damage);
      } else this.world.tolerate(error);
      return undefined;
    }
  }
}
