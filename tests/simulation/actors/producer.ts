import { DefaultPartitionSelector } from "../../../src/components/partition_selectors/default.ts";
import { DefaultSerializer } from "../../../src/components/serializers/default.ts";
import { DefaultValidator } from "../../../src/components/validators/default.ts";
import type { TopicInterface } from "../../../src/contract.ts";
import { BackpressureError, LimitExceededError, StorageError } from "../../../src/errors.ts";
import type { FlushBehavior } from "../../../src/log/write/writer.ts";
import { Producer } from "../../../src/producer.ts";
import { SimulatedKill } from "../disk/failure.ts";
import { DATA_BYTES_MAX } from "../model.ts";
import type { Push } from "../model/push.ts";
import type { World } from "../world.ts";
import { Program } from "./program.ts";

/** Most steps that an idle producer skips. */
const IDLE_STEPS_MAX = 40;
/** Pieces of a stream, at most. */
const PIECES_MAX = 20;
/** Turns of the microtask queue that a stream waits for its pieces, at most. */
const TURNS_MAX = 200;

/** Pushes events with the real producer, flushes, and sometimes does nothing for long. */
export class ProducerProgram extends Program {
  #producer: Producer | undefined;
  #batchSize = 0;
  #incarnation = 0;
  #idleUntil = 0;
  #isClosing = false;
  /** Everything pushed by the current producer. */
  #pushed: Push[] = [];

  constructor(world: World, name: string, private readonly flushBehavior: FlushBehavior) {
    super(world, name);
    this.restart();
  }

  override async end(): Promise<void> {
    await this.#producer?.close().catch((error) => this.world.tolerate(error));
    this.#producer = undefined;
    await super.end();
  }

  protected override begin(): void {
    this.#producer = undefined;
    this.#isClosing = false;
    this.#incarnation++;
    this.#pushed = [];
    this.driver = this.world.openDriver(this.process, this.flushBehavior);
  }

  protected override act(topic: TopicInterface): void {
    const { world } = this;
    const { random } = world.disk;
    if (this.#isClosing || world.steps < this.#idleUntil) return;
    const producer = this.#producer ??= this.#open(topic);
    const what = random.below(100);
    if (what < 15) this.#flush(producer);
    else if (what < 19) this.#idleUntil = world.steps + random.below(IDLE_STEPS_MAX);
    else if (what < 24) this.#reopen(producer);
    else if (what < 24 + this.#streams) this.#pushStream(producer);
    else this.#pushBatch(producer);
  }

  /** Of a hundred acts, how many push a stream. */
  get #streams(): number {
    const { theme } = this.world;
    return theme === "failing syncs" ? 26 : theme === "removed data" ? 50 : 10;
  }

  #open(topic: TopicInterface): Producer {
    const { random } = this.world.disk;
    const partitionSelector = new DefaultPartitionSelector();
    partitionSelector.setPartitions(topic.partitions);
    // Full batches are stored by the push that fills them; adaptive ones by a flush, or later.
    this.#batchSize = random.chance(0.7) ? 1 + random.below(4) : 0;
    return new Producer(
      this.name,
      topic,
      { validator: new DefaultValidator(), partitionSelector, serializer: new DefaultSerializer() },
      { batchSize: this.#batchSize || undefined, maxNumBatches: 1 + random.below(3) },
    );
  }

  #pushBatch(producer: Producer): void {
    const { random } = this.world.disk;
    const partition = random.below(this.world.model.partitions.length);
    const count = this.#batchSize || 1 + random.below(4);
    for (let index = 0; index < count; index++) {
      const push = this.#newPush(partition);
      this.#followPush(push, producer.push(push.metadata, push.data, { partition }));
    }
    if (this.#batchSize === 0 && random.chance(0.7)) this.#flush(producer);
  }

  #pushStream(producer: Producer): void {
    const { random } = this.world.disk;
    const partition = random.below(this.world.model.partitions.length);
    // Large ones come in several chunks, between which others act.
    const push = this.#newPush(partition, random.chance(0.5) ? DATA_BYTES_MAX : 300);
    const { data } = push;
    if (data.byteLength === 0) {
      return this.#followPush(push, producer.push(push.metadata, data, { partition }));
    }
    const pieceBytes = Math.max(1 + random.below(6000), Math.ceil(data.byteLength / PIECES_MAX));
    // Sometimes the next piece takes so long that syncs end before it.
    const pieces = Math.ceil(data.byteLength / pieceBytes);
    const turns = random.chance(0.5) ? 1 : 1 + random.below(Math.min(60, Math.floor(TURNS_MAX / pieces)));
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (let from = 0; from < data.byteLength; from += pieceBytes) {
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        yield data.subarray(from, from + pieceBytes);
      }
    }
    this.#followPush(push, producer.push(push.metadata, stream(), { partition }));
  }

  #newPush(partition: number, bytesMax?: number): Push {
    const push = this.world.model.newPush(
      `${this.name}.${this.#incarnation}`,
      partition,
      bytesMax ?? this.world.dataBytesMax,
    );
    this.#pushed.push(push);
    return push;
  }

  #followPush(push: Push, future: PromiseLike<number>): void {
    const { world } = this;
    const machine = world.machine;
    world.track(future.then((id) => {
      // The power was cut before anyone could learn the outcome.
      if (world.machine !== machine) return;
      world.model.complete(push, id);
      if (this.flushBehavior === "immediate") world.promiseDurable([push]);
    }, (error) => {
      // What was not synced may nevertheless be stored: its error must say so.
      const isUnknown = error instanceof SimulatedKill || error instanceof LimitExceededError ||
        (error instanceof StorageError && error.mayBeStored);
      if (push.outcome === "pending") push.outcome = isUnknown ? "unknown" : "failed";
      if (error instanceof BackpressureError || error instanceof LimitExceededError) return;
      world.tolerate(error);
    }));
  }

  #flush(producer: Producer): void {
    const before = [...this.#pushed];
    const machine = this.world.machine;
    this.follow(producer.flush(), () => {
      if (this.flushBehavior === "buffered" || this.world.machine !== machine) return;
      this.world.promiseDurable(before.filter(({ outcome }) => outcome === "completed"));
    });
  }

  #reopen(producer: Producer): void {
    this.#isClosing = true;
    const closed = () => {
      this.#isClosing = false;
      this.#producer = undefined;
      this.#pushed = [];
      if (this.world.disk.random.chance(0.5)) this.closeTopic();
    };
    this.follow(producer.close(), closed, closed);
  }
}
