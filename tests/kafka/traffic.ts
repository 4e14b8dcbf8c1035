// Events in flight while something happens to the brokers, or to the readers.
import { assert, assertEquals } from "@std/assert";
import { BrokerError, type Consumer, type ConsumerOptions, type Event, type Topic } from "../../mod.ts";

/** Events pushed in a row before the producer pauses, and for how long. */
const BURST = 20;
const REST_MS = 8;

/** The partition and id of an event, as one text. */
export function placeOf(partition: number, id: number): string {
  return `${partition}:${id}`;
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until a condition holds; fails, with the current state, if it never does. */
export async function until(
  what: string,
  isSo: () => boolean,
  { msMax = 90_000, state = () => "" }: { msMax?: number; state?: () => string } = {},
): Promise<void> {
  const deadline = Date.now() + msMax;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`${what} did not come to be in ${msMax} ms ${state()}`);
    await sleep(20);
  }
}

/** Pushes 0, 1, 2 … to the partitions in turn until it is stopped. */
export class Pushing {
  /** What was stored, by partition and id. */
  readonly stored = new Map<string, number>();
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(private readonly topic: Topic, private readonly restMs = REST_MS) {
    this.#done = this.#run();
  }

  /** Resolves when everything pushed is stored; rejects when a push failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  /** Stops it, ignoring errors: a failed test has already reported them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }

  /** Waits for that many more. */
  async more(count: number): Promise<void> {
    const wanted = this.stored.size + count;
    await until(`${count} more events stored`, () => this.stored.size >= wanted);
  }

  async #run(): Promise<void> {
    await using producer = this.topic.producer();
    const width = this.topic.partitions.length;
    for (let n = 0; !this.#stopped; n++) {
      await producer.ready();
      const partition = n % width;
      producer.push(n, undefined, { partition }).then((id) => this.stored.set(placeOf(partition, id), n));
      if (n % BURST === 0) await sleep(this.restMs);
    }
    await producer.flush();
  }
}

/** Reads a topic under a consumer name, and acknowledges each event, until it is stopped. */
export class Reading {
  /** What was read, by partition and id, each time. */
  readonly seen = new Map<string, number[]>();
  /** Whether it knows where it starts. */
  isOpen = false;
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;

  constructor(
    private readonly topic: Topic,
    private readonly name: string,
    private readonly options: ConsumerOptions = {},
  ) {
    this.#done = this.#run();
  }

  /** Stops it; rejects with errors other than unreachable brokers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  /** Stops it, ignoring errors: a failed test has already reported them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }

  /** Waits until everything in the map was read. */
  async seesAll(stored: ReadonlyMap<string, number>): Promise<void> {
    const missing = (): string[] => [...stored.keys()].filter((place) => !this.seen.has(place));
    await until("every event read", () => this.seen.size >= stored.size && missing().length === 0, {
      state: () => `(${missing().length} of ${stored.size} are missing, first ${missing()[0]})`,
    });
    for (const [place, n] of stored) assertEquals([...new Set(this.seen.get(place))], [n], `event ${place}`);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    await using consumer = this.topic.consumer(this.name, this.options);
    await consumer.ready();
    this.isOpen = true;
    while (!signal.aborted) {
      try {
        for await (const event of consumer.events({ signal })) {
          const place = placeOf(event.partition, event.id);
          this.seen.set(place, [...this.seen.get(place) ?? [], event.metadata as number]);
          event.acknowledge().catch(() => {});
        }
      } catch (error) {
        // It learns that brokers are unreachable: it stays open, and continues when they are back.
        const isPassing = error instanceof BrokerError && error.canRetry;
        if (!signal.aborted && !isPassing) throw error;
      }
    }
  }
}

/** Reads up to the end: on a busy machine a broker may need longer for an answer than one read waits. */
export async function readToEnd(
  consumer: Consumer,
  see: (event: Event) => unknown,
  msMax = 90_000,
): Promise<void> {
  for (const deadline = Date.now() + msMax;;) {
    try {
      for await (const event of consumer.events({ until: "end" })) await see(event);
      return;
    } catch (error) {
      if (!(error instanceof BrokerError && error.canRetry) || Date.now() > deadline) throw error;
    }
  }
}

/** Everything stored exists once, under its id, and the ids have no gap. */
export async function checkStored(topic: Topic, stored: ReadonlyMap<string, number>): Promise<void> {
  await using consumer = topic.consumer("checker");
  const found = new Map<string, number>();
  await readToEnd(consumer, ({ partition, id, metadata }) => {
    found.set(placeOf(partition, id), metadata as number);
  });
  for (const [place, n] of stored) assertEquals(found.get(place), n, `event ${place}`);
  assertEquals(new Set(found.values()).size, found.size, "an event is there twice");
  const described = await topic.describe();
  assertEquals(found.size, described.reduce((sum, { nextId }) => sum + nextId, 0));
}

/** What was acknowledged stays acknowledged: the lag is a few events at most. */
export async function checkLag(topic: Topic, name: string, eventsMax: number): Promise<void> {
  const lag = await topic.lag(name);
  assert(lag.every(({ events }) => events <= eventsMax), JSON.stringify(lag));
}
