import type { OutgoingBatch, ProducerInterface, TopicInterface } from "../../src/contract.ts";
import {
  DefaultPartitionSelector,
  DefaultSerializer,
  DefaultValidator,
  type PartitionSelector,
  Producer,
  type ProducerOptions,
  type Serializer,
  type Validator,
} from "../../mod.ts";

/** A batch that was handed over: a copy of its content, and how to end it. */
export interface Handed {
  partition: number;
  metadata: (string | Uint8Array)[];
  sizes: number[];
  streamed: boolean;
  /** Ends a pending append. */
  store(): void;
  fail(error: unknown): void;
}

/** How the driver answers: synchronously, when the test says so, or by failing. */
export type Answer = "now" | "later" | Error;

/** A topic whose driver does what the test says, and records what it was given. */
export class ScriptedTopic {
  readonly handed: Handed[] = [];
  answer: Answer = "now";
  /** What appendSync does; undefined leaves out the method. */
  blocking: ((batch: OutgoingBatch) => number | undefined) | undefined = undefined;
  /** Partitions that store nothing for now; undefined where the engine has no such state. */
  unavailable: Set<number> | undefined = undefined;
  #driverMade: ProducerInterface | undefined = undefined;
  flushes = 0;
  closes = 0;
  flushError: unknown = undefined;
  readonly #nextIds: number[];

  constructor(readonly numPartitions = 1) {
    this.#nextIds = new Array(numPartitions).fill(0);
  }

  /** Batches by their metadata. */
  get batches(): (string | Uint8Array)[][] {
    return this.handed.map(({ metadata }) => metadata);
  }

  /** Makes a partition unavailable, and says so. */
  lose(partition: number): void {
    this.unavailable?.add(partition);
    this.#driverMade?.onUnavailable?.();
  }

  /** The next id of a partition, which is skipped. */
  takeIds(partition: number, count: number): number {
    const id = this.#nextIds[partition];
    this.#nextIds[partition] += count;
    return id;
  }

  producer(
    options?: ProducerOptions,
    components: { validator?: Validator; partitionSelector?: PartitionSelector; serializer?: Serializer } =
      {},
    onClose?: () => void,
  ): Producer {
    const partitions = Array.from({ length: this.numPartitions }, (_, partition_id) => ({ partition_id }));
    const made = {
      validator: new DefaultValidator(),
      partitionSelector: new DefaultPartitionSelector(),
      serializer: new DefaultSerializer(),
      ...components,
    };
    made.partitionSelector.setPartitions(partitions);
    const topic = { name: "scripted", partitions, producer: () => this.#driver() } as Partial<TopicInterface>;
    const maker = onClose && { topic: topic as never, onClose };
    return new Producer("p", topic as TopicInterface, made, options, maker);
  }

  #driver(): ProducerInterface {
    const driver: ProducerInterface = {
      append: (partition, batch) => this.#append(partition, batch),
      flush: () => {
        this.flushes++;
        return this.flushError === undefined ? Promise.resolve() : Promise.reject(this.flushError);
      },
      close: () => {
        this.closes++;
        return Promise.resolve();
      },
    };
    this.#driverMade = driver;
    if (this.unavailable !== undefined) Object.assign(driver, { unavailable: this.unavailable });
    if (this.blocking !== undefined) driver.appendSync = (_, batch) => this.blocking?.(batch);
    return driver;
  }

  #append(partition: number, batch: OutgoingBatch): number | Promise<number> {
    if (this.answer instanceof Error) throw this.answer;
    const { count } = batch;
    const handed: Handed = {
      partition,
      metadata: batch.metadata.slice(0, count),
      sizes: Array.from({ length: count }, (_, index) => sizeOf(batch.data?.[index])),
      streamed: batch.stream !== undefined,
      store: () => {},
      fail: () => {},
    };
    this.handed.push(handed);
    if (this.answer === "now") return this.takeIds(partition, count);
    return new Promise((resolve, reject) => {
      handed.store = () => resolve(this.takeIds(partition, count));
      handed.fail = reject;
    });
  }
}

function sizeOf(data: Uint8Array | readonly Uint8Array[] | undefined): number {
  if (data === undefined) return 0;
  return data instanceof Uint8Array
    ? data.byteLength
    : data.reduce((sum, piece) => sum + piece.byteLength, 0);
}

/** Lets everything run that is due before the next turn of the event loop. */
export async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
