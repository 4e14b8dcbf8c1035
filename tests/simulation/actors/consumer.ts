import type {
  ConsumerInterface,
  IncomingBatch,
  StartPosition,
  TopicInterface,
} from "../../../src/contract.ts";
import { ConsumerDeletedError, CorruptedLogError, EventGoneError } from "../../../src/errors.ts";
import { SimulatedKill } from "../disk/failure.ts";
import { BrokenPromise } from "../model/broken_promise.ts";
import type { ConsumerModel } from "../model/consumer_model.ts";
import type { World } from "../world.ts";
import { Program } from "./program.ts";

/** Most batches read in one step. */
const BATCHES_MAX = 30;

/** A consumer that was opened goes on after what was acknowledged before. */
export function checkStart(
  { model }: World,
  consumer: ConsumerModel,
  { openedAt, acknowledged, next }: {
    openedAt: number;
    acknowledged: readonly number[];
    next: readonly number[];
  },
): void {
  // Another one may have moved the position while this one was being opened.
  if (consumer.disturbedAt >= openedAt) return;
  for (const [partition, id] of next.entries()) {
    const { removedTo } = model.partitions[partition];
    if (id >= acknowledged[partition] || acknowledged[partition] <= removedTo) continue;
    throw new BrokenPromise(
      `${consumer.name} acknowledged up to ${
        acknowledged[partition]
      } in partition ${partition}, and goes on at ${id}`,
    );
  }
}

/** Reads under a consumer name, sometimes acknowledges, seeks, or starts again from what it acknowledged. */
export class ConsumerProgram extends Program {
  #consumer: ConsumerInterface | undefined;
  #isOpen = false;
  #isAcknowledging = false;
  #openedAt = 0;
  /** What was acknowledged before it was opened, by partition. */
  #acknowledged: number[] = [];
  /** The next id, by partition. */
  #next: number[] = [];
  /** Up to where everything was read and not acknowledged, by partition. */
  #read: (number | undefined)[] = [];
  readonly #model: ConsumerModel;

  constructor(world: World, name: string) {
    super(world, name);
    this.#model = world.model.consumer(name);
    this.restart();
  }

  override async end(): Promise<void> {
    await this.#consumer?.close();
    await super.end();
  }

  /** Reads to the end, whatever is left; nothing fails any more. */
  async drain(topic: TopicInterface): Promise<void> {
    const consumer = this.#open(topic);
    await consumer.open();
    this.#opened(consumer);
    for (const partition of consumer.assigned) {
      for (let quiet = 0; quiet < 3;) {
        const before = consumer.position(partition);
        this.#readSome(consumer, partition);
        if (this.#consumer !== consumer) {
          throw new BrokenPromise(`${this.name} cannot read on from event ${before}`);
        }
        quiet = consumer.position(partition) === before ? quiet + 1 : 0;
        if (quiet > 0) this.world.disk.clock.pass(2000);
      }
    }
    await consumer.close();
  }

  protected override begin(): void {
    this.#consumer = undefined;
    this.#isOpen = false;
    this.#isAcknowledging = false;
  }

  protected override act(topic: TopicInterface): void {
    const { random } = this.world.disk;
    const consumer = this.#consumer;
    if (consumer === undefined) {
      const opening = this.#open(topic);
      return this.follow(opening.open(), () => this.#opened(opening), () => this.#consumer = undefined);
    }
    if (!this.#isOpen || this.#isAcknowledging) return;
    const partition = random.pick(consumer.assigned);
    const isMoving = this.world.theme === "moved positions";
    if (random.chance(isMoving ? 0.15 : 0.03)) return this.#seek(consumer, partition);
    if (random.chance(0.04)) return this.#close(consumer);
    if (this.#read[partition] !== undefined && random.chance(isMoving ? 0.7 : 0.3)) {
      return this.#acknowledge(consumer, partition);
    }
    // Most faults are at the end of the log.
    const batches = random.chance(0.5) ? BATCHES_MAX : 1;
    for (let count = 0; count < batches && this.#consumer === consumer; count++) {
      if (!this.#readSome(consumer, partition)) return;
    }
  }

  #open(topic: TopicInterface): ConsumerInterface {
    const { model, disk: { random }, steps } = this.world;
    this.#openedAt = steps;
    this.#isOpen = false;
    this.#acknowledged = this.#model.positions.map(({ acknowledged }) => acknowledged);
    const consumer = topic.consumer(this.name, {
      from: "earliest",
      dataWanted: this.world.theme === "removed data" || random.chance(0.5),
      onCorruption: model.hadPowerCut ? "skip" : "throw",
      onDamage: (error) => this.#meetDamage(error),
    });
    return this.#consumer = consumer;
  }

  #opened(consumer: ConsumerInterface): void {
    if (this.#consumer !== consumer) return;
    this.#isOpen = true;
    this.#read = [];
    this.#next = consumer.assigned.map((partition) => consumer.position(partition));
    checkStart(this.world, this.#model, {
      openedAt: this.#openedAt,
      acknowledged: this.#acknowledged,
      next: this.#next,
    });
  }

  /** Reads a batch; false if there was none, or reading has to start again. */
  #readSome(consumer: ConsumerInterface, partition: number): boolean {
    const batch = this.#attempt(
      consumer,
      partition,
      () => consumer.read(partition, 1 + this.world.disk.random.below(6)) as IncomingBatch | undefined,
    );
    if (batch === undefined) return false;
    const next = this.#next[partition];
    const { baseId, count } = batch;
    if (baseId < next) throw new BrokenPromise(`${this.name} read event ${baseId} after event ${next - 1}`);
    this.world.model.checkLost(partition, next, baseId, `was passed over by ${this.name}`);
    for (let index = 0; index < count; index++) {
      const id = baseId + index;
      this.#attempt(consumer, partition, () => {
        const push = this.world.readEvent(batch, index);
        if (push !== undefined) this.#model.delivered.add(push.key);
      }, id);
      // It cannot be read at the moment: start again from what was acknowledged.
      if (this.#consumer !== consumer) return false;
    }
    this.#next[partition] = baseId + count;
    this.#read[partition] = baseId + count;
    return true;
  }

  /** Accesses the log, and checks that failures are allowed ones. */
  #attempt<T>(
    consumer: ConsumerInterface,
    partition: number,
    look: () => T,
    eventId?: number,
  ): T | undefined {
    const { model } = this.world;
    try {
      return look();
    } catch (error) {
      if (error instanceof SimulatedKill || error instanceof BrokenPromise) throw error;
      if (error instanceof EventGoneError) {
        this.world.checkGone(partition, error);
        // An event whose data was removed before it: the following one is next.
        if (eventId === undefined) this.#next[partition] = consumer.position(partition);
      } else if (error instanceof CorruptedLogError) {
        this.#meetDamage(error);
        if (!model.hadPowerCut) throw error;
      } else {
        this.world.tolerate(error);
        this.#close(consumer);
      }
      return undefined;
    }
  }

  #meetDamage({ damage }: CorruptedLogError): void {
    this.world.checkDamage(damage);
  }

  #seek(consumer: ConsumerInterface, partition: number): void {
    const { random, clock } = this.world.disk;
    const { endId } = this.world.model.partitions[partition];
    const to: StartPosition = random.pick<StartPosition>([
      "earliest",
      "latest",
      { id: random.below(endId + 1) },
      { time: clock.now - random.below(100) },
    ]);
    const isStored = random.chance(0.5);
    this.#read[partition] = undefined;
    if (isStored) this.#model.beginDisturbance(this.world.steps);
    let isDone = false;
    const moved = () => {
      const position = this.#isOpen && this.#consumer === consumer ? consumer.position(partition) : 0;
      this.#next[partition] = position;
      this.#model.skipTo(partition, position);
      if (isStored) {
        this.#model.endDisturbance(this.world.steps, partition, this.world.endIdOf(partition), isDone);
      }
    };
    try {
      // Done when the call returns; only its failure is reported later.
      const seeking = consumer.seek([partition], to, isStored);
      isDone = true;
      moved();
      this.follow(seeking, () => {}, () => this.#close(consumer));
    } catch (error) {
      if (!isDone) moved();
      if (error instanceof SimulatedKill || error instanceof BrokenPromise) throw error;
      if (!(error instanceof ConsumerDeletedError)) this.world.tolerate(error);
      this.#close(consumer);
    }
  }

  #acknowledge(consumer: ConsumerInterface, partition: number): void {
    const nextId = this.#read[partition]!;
    const { steps: step } = this.world;
    const openedAt = this.#openedAt;
    this.#model.acknowledging(partition, nextId);
    const done = () => {
      this.#isAcknowledging = false;
      this.#read[partition] = undefined;
      this.#model.acknowledged(partition, nextId, { openedAt, step });
    };
    const isDeleted = (error: unknown) =>
      error instanceof ConsumerDeletedError &&
      (this.#model.disturbedAt >= openedAt || this.#model.disturbing > 0);
    let storing: void | Promise<void>;
    try {
      storing = consumer.acknowledge(partition, nextId);
    } catch (error) {
      if (error instanceof SimulatedKill) throw error;
      if (!isDeleted(error)) this.world.tolerate(error);
      return this.#close(consumer);
    }
    if (storing === undefined) return done();
    this.#isAcknowledging = true;
    this.follow(storing, done, () => {
      this.#isAcknowledging = false;
      this.#close(consumer);
    }, isDeleted);
  }

  #close(consumer: ConsumerInterface): void {
    void consumer.close();
    if (this.#consumer === consumer) this.#consumer = undefined;
    if (this.world.disk.random.chance(0.3)) this.closeTopic();
  }
}
