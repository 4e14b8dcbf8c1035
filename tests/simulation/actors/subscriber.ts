import { DefaultSerializer } from "../../../src/components/serializers/default.ts";
import type { StartPosition, TopicInterface } from "../../../src/contract.ts";
import { Consumer, type SeekOptions } from "../../../src/consumer.ts";
import { FullDataSelector } from "../../../src/consumer/data_selection.ts";
import { ConsumerDeletedError, CorruptedLogError, EventGoneError } from "../../../src/errors.ts";
import type { Event } from "../../../src/event.ts";
import type { JsonValue } from "../../../src/json.ts";
import { SimulatedKill } from "../disk/failure.ts";
import { BrokenPromise } from "../model/broken_promise.ts";
import type { ConsumerModel } from "../model/consumer_model.ts";
import type { World } from "../world.ts";
import { checkStart } from "./consumer.ts";
import { Program } from "./program.ts";

/** Most events of one step, unless it reads to the end. */
const EVENTS_MAX = 12;

/** Reads with the real consumer, whose reading ahead, iterations and acknowledgements {@linkcode ConsumerProgram} lacks. */
export class SubscriberProgram extends Program {
  #consumer: Consumer | undefined;
  #isBusy = false;
  #openedAt = 0;
  #readsData = false;
  /** The next id, by partition. */
  #next: number[] = [];
  /** The last event of each partition that was not acknowledged. */
  #last: (Event | undefined)[] = [];
  readonly #model: ConsumerModel;

  constructor(world: World, name: string) {
    super(world, name);
    this.#model = world.model.consumer(name);
    this.restart();
  }

  override async end(): Promise<void> {
    await this.#consumer?.close().catch((error) => this.#accept(error));
    await super.end();
  }

  protected override begin(): void {
    this.#consumer = undefined;
    this.#isBusy = false;
  }

  protected override act(topic: TopicInterface): void {
    if (this.#isBusy) return;
    const { random } = this.world.disk;
    const consumer = this.#consumer;
    if (consumer === undefined) return this.#open(topic);
    if (random.chance(0.06)) return this.#seek(consumer);
    if (random.chance(0.05)) return this.#close(consumer);
    const unacknowledged = this.#last.filter((event) => event !== undefined);
    if (unacknowledged.length > 0 && random.chance(0.3)) {
      return this.#acknowledge(random.pick(unacknowledged));
    }
    this.#do(consumer, this.#iterate(consumer));
  }

  /** The program does nothing else until the promise settles; a failure opens a new consumer. */
  #do(consumer: Consumer, work: Promise<void>): void {
    this.#isBusy = true;
    this.follow(work, () => this.#isBusy = false, () => {
      this.#isBusy = false;
      if (this.#consumer === consumer) this.#close(consumer);
    }, (error) => this.#isAccepted(error));
  }

  #open(topic: TopicInterface): void {
    const { model, disk: { random }, steps } = this.world;
    this.#openedAt = steps;
    this.#readsData = random.chance(0.7);
    const acknowledged = this.#model.positions.map((position) => position.acknowledged);
    const consumer = new Consumer<JsonValue>(this.name, topic, { serializer: new DefaultSerializer() }, {
      from: "earliest",
      batchSize: random.chance(0.5) ? 1 + random.below(6) : undefined,
      dataSelector: this.#readsData ? FullDataSelector : undefined,
      onCorruption: model.hadPowerCut ? "skip" : "throw",
      onDamage: ({ damage }) => this.world.checkDamage(damage),
    });
    this.#consumer = consumer;
    const opened = () => {
      this.#last = [];
      this.#next = consumer.partitions.map((partition) => consumer.position(partition));
      checkStart(this.world, this.#model, { openedAt: this.#openedAt, acknowledged, next: this.#next });
    };
    this.#do(consumer, consumer.ready().then(opened));
  }

  /** Reads to the end, or some events on the way there, one by one or as arrays. */
  async #iterate(consumer: Consumer): Promise<void> {
    const { world } = this;
    const { random } = world.disk;
    const ends = world.model.partitions.map((partition) => partition.completedEnd(world.model.pushes));
    const limit = random.chance(0.5) ? Infinity : 1 + random.below(EVENTS_MAX);
    const isInBatches = random.chance(0.3);
    const { machine } = world;
    try {
      let count = 0;
      if (isInBatches) {
        for await (const events of consumer.batches({ until: "end" })) {
          for (const event of events) this.#receive(event);
          if ((count += events.length) >= limit) return;
        }
      } else {
        for await (const event of consumer.events({ until: "end" })) {
          this.#receive(event);
          if (++count >= limit) return;
        }
      }
    } catch (error) {
      return this.#meet(error);
    }
    if (world.machine === machine) this.#checkReached(ends);
  }

  /** What was stored before an iteration to the end began was delivered when it is done. */
  #checkReached(ends: readonly number[]): void {
    for (const [partition, end] of ends.entries()) {
      const reached = Math.max(this.#next[partition], this.world.model.partitions[partition].removedTo);
      if (reached >= end) continue;
      throw new BrokenPromise(
        `${this.name} read to the end of partition ${partition}: to ${reached} of ${end}`,
      );
    }
  }

  #receive(event: Event): void {
    const { partition, id } = event;
    const { model } = this.world;
    const next = this.#next[partition];
    if (id < next) throw new BrokenPromise(`${this.name} got event ${id} after event ${next - 1}`);
    model.checkLost(partition, next, id, `was passed over by ${this.name}`);
    const push = this.#readsData
      ? model.read(partition, id, event.metadataText, event.data ?? new Uint8Array(0))
      : model.readMetadata(partition, id, event.metadataText);
    this.#model.delivered.add(push.key);
    this.#next[partition] = id + 1;
    this.#last[partition] = event;
  }

  /** The error that ended an iteration; the consumer can go on after that of removed events. */
  #meet(error: unknown): void {
    if (!(error instanceof EventGoneError)) throw error;
    const { partition, id } = error;
    this.world.checkGone(partition, error);
    // What follows may still be read, from a segment that is open.
    this.#next[partition] = Math.max(this.#next[partition], id + 1);
  }

  #seek(consumer: Consumer): void {
    const { world } = this;
    const { random, clock } = world.disk;
    const partition = random.below(world.model.partitions.length);
    const { endId } = world.model.partitions[partition];
    const to: StartPosition = random.pick<StartPosition>([
      "earliest",
      "latest",
      { id: random.below(endId + 1) },
      { time: clock.now - random.below(100) },
    ]);
    const options: SeekOptions = { partitions: [partition], store: random.chance(0.5) };
    if (options.store) this.#model.beginDisturbance(world.steps);
    this.#last[partition] = undefined;
    const { machine } = world;
    const ended = (isWhole: boolean) => {
      if (world.machine !== machine) return;
      if (isWhole) {
        this.#next[partition] = consumer.position(partition);
        this.#model.skipTo(partition, this.#next[partition]);
      }
      if (options.store) {
        this.#model.endDisturbance(world.steps, partition, world.endIdOf(partition), isWhole);
      }
    };
    this.#do(
      consumer,
      consumer.seek(to, options).then(() => ended(true), (error) => {
        ended(false);
        throw error;
      }),
    );
  }

  /** One at a time: a second one in the same turn of the event loop would depend on how fast the machine is. */
  #acknowledge(event: Event): void {
    const { partition, id } = event;
    const { steps: step } = this.world;
    const openedAt = this.#openedAt;
    this.#model.acknowledging(partition, id + 1);
    const storing = event.acknowledge().then(() => {
      if (this.#last[partition] === event) this.#last[partition] = undefined;
      this.#model.acknowledged(partition, id + 1, { openedAt, step });
    });
    this.#do(this.#consumer!, storing);
  }

  #close(consumer: Consumer): void {
    this.#consumer = undefined;
    this.#isBusy = true;
    const closed = () => {
      this.#isBusy = false;
      if (this.world.disk.random.chance(0.3)) this.closeTopic();
    };
    this.follow(consumer.close(), closed, closed, (error) => this.#isAccepted(error));
  }

  #accept(error: unknown): void {
    if (!this.#isAccepted(error)) this.world.tolerate(error);
  }

  #isAccepted(error: unknown): boolean {
    if (error instanceof CorruptedLogError && this.world.model.hadPowerCut) {
      this.world.checkDamage(error.damage);
      return true;
    }
    return error instanceof SimulatedKill || (error instanceof ConsumerDeletedError &&
      (this.#model.disturbedAt >= this.#openedAt || this.#model.disturbing > 0));
  }
}
