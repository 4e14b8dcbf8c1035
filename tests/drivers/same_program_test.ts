// Random programs of calls, on memory and in files: each call has the same result, or the same error. Segments are removed
// whole, so that everything is trimmed or nothing; and a consumer whose name is deleted is closed, since only the one in
// memory notices if the name is used anew.
import { assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Consumer,
  type ConsumerOptions,
  type DataPart,
  DiasporaError,
  Driver,
  type Event,
  FullDataSelector,
  Metadata,
  type Producer,
  type StartPosition,
  type Topic,
} from "../../mod.ts";
import { casesOf, test } from "../harness.ts";

/** Whole numbers below a limit, the same ones for a seed. */
function drawing(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return (state >>> 8) % limit;
  };
}

const METADATA: readonly (() => unknown)[] = [
  () => ({ n: 1, list: [null, "é"] }),
  () => '{"big": 12345678901234567890}',
  () => Metadata.text("text"),
  () => "not a document",
  () => undefined,
];

const DATA: readonly (() => DataPart | undefined)[] = [
  () => undefined,
  () => new Uint8Array(5).fill(7),
  () => [new Uint8Array([1, 2]), new Float64Array([3])],
  () => new ReadableStream({ start: (it) => (it.enqueue(new Uint8Array([4])), it.close()) }),
  () => "text" as never,
];

const POSITIONS: readonly ((id: number) => StartPosition)[] = [
  () => "earliest",
  () => "latest",
  (id) => ({ id }),
  () => ({ time: 0 }),
  () => ({ time: 1e15 }),
];

const NAMES = ["one", "other"];

/** A program, which makes the same calls with the same seed and the same results. */
class Program {
  readonly #draw: (limit: number) => number;
  readonly #producer: Producer;
  readonly #consumers: Consumer[] = [];
  readonly #events: Event[] = [];
  /** How far events were read ahead of those that are trimmed is a matter of the driver: then none are. */
  readonly #trims: boolean;

  constructor(private readonly topic: Topic, seed: number) {
    this.#draw = drawing(seed);
    this.#trims = this.#draw(2) === 0;
    this.#producer = topic.producer("p", { batchSize: 1 + this.#draw(4) });
  }

  /** Makes a call, and says what came of it. */
  async call(): Promise<string> {
    const calls = [
      this.#push,
      this.#push,
      this.#open,
      this.#read,
      this.#read,
      this.#process,
      this.#acknowledge,
    ];
    const rare = [this.#seek, this.#seekConsumer, this.#trim, this.#delete, this.#close];
    const call = this.#of([...calls, ...calls, ...rare]);
    let result: unknown;
    try {
      result = await call.call(this);
    } catch (error) {
      if (!(error instanceof DiasporaError)) throw error;
      result = `${error.code}: ${error.message}`;
    }
    return `${call.name.slice(1)} ${JSON.stringify(result)} ${JSON.stringify(await this.#state())}`;
  }

  #of<V>(values: readonly V[]): V {
    return values[this.#draw(values.length)]!;
  }

  #position(): StartPosition {
    return this.#of(POSITIONS)(this.#draw(30));
  }

  async #push(): Promise<unknown> {
    const pushes = Array.from({ length: 1 + this.#draw(5) }, () => {
      const [metadata, data] = [this.#of(METADATA)(), this.#of(DATA)()];
      return this.#producer.push(metadata as never, data);
    });
    const outcomes = await Promise.allSettled(pushes);
    return outcomes.map((each) => each.status === "fulfilled" ? each.value : String(each.reason));
  }

  async #open(): Promise<unknown> {
    const options: ConsumerOptions = {
      from: this.#position(),
      batchSize: this.#trims ? 1 : 1 + this.#draw(4),
    };
    if (this.#draw(2) === 0) options.dataSelector = FullDataSelector;
    const consumer = this.topic.consumer(this.#of(NAMES), options);
    this.#consumers.push(consumer);
    await consumer.ready();
    return consumer.name;
  }

  async #read(): Promise<unknown> {
    const events: Event[] = [];
    const until = this.#draw(3) === 0 ? { id: this.#draw(20) } : "end";
    const count = this.#draw(2) === 0 ? Infinity : this.#draw(4);
    for await (const event of this.#of(this.#consumers)?.events({ until }) ?? []) {
      if (events.push(event) > count) break;
    }
    this.#events.push(...events);
    return await Promise.all(events.map(async (event) => [
      event.id,
      event.metadataText,
      `${event.data}`,
      `${await event.loadData()}`,
    ]));
  }

  async #process(): Promise<unknown> {
    const concurrency = 1 + this.#draw(3);
    return await this.#of(this.#consumers)?.process(async (event) => {
      await event.acknowledge();
    }, { until: "end", concurrency, maxEvents: this.#draw(8) });
  }

  async #acknowledge(): Promise<unknown> {
    const event = this.#of(this.#events);
    await event?.acknowledge();
    return event?.id;
  }

  async #seek(): Promise<void> {
    await this.#of(this.#consumers)?.seek(this.#position(), { store: this.#draw(2) === 0 });
  }

  async #seekConsumer(): Promise<void> {
    await this.topic.seekConsumer(this.#of(NAMES), this.#position());
  }

  async #trim(): Promise<unknown> {
    if (!this.#trims) return;
    const beforeId = Math.max(...(await this.topic.describe()).map(({ nextId }) => nextId));
    // What is no longer there cannot be loaded from files.
    this.#events.length = 0;
    return (await this.topic.trim({ beforeId })).map((
      { firstIdBefore, firstId },
    ) => [firstIdBefore, firstId]);
  }

  async #delete(): Promise<void> {
    const name = this.#of(NAMES);
    for (const consumer of this.#consumers) if (consumer.name === name) await consumer.close();
    await this.topic.deleteConsumer(name);
  }

  async #close(): Promise<void> {
    await this.#of(this.#consumers)?.close();
  }

  async #state(): Promise<unknown> {
    const { topic } = this;
    const partitions = (await topic.describe()).map(({ firstId, nextId }) => [firstId, nextId]);
    const lags = await Promise.all(NAMES.map((name) => topic.lag(name)));
    const positions = lags.flat().map((
      { position, acknowledged, events },
    ) => [position, acknowledged, events]);
    return [partitions, await topic.consumers(), positions];
  }
}

/** What came of each call of a program. */
async function run(driverName: string, seed: number): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), "diaspora-program-"));
  try {
    await using driver = await Driver.open(driverName, driverName === "files" ? { root_path: root } : {});
    await driver.createTopic("t");
    await using topic = await driver.openTopic("t");
    const program = new Program(topic, seed);
    const results: string[] = [];
    for (let call = 0; call < 30; call++) results.push(await program.call());
    return results;
  } finally {
    await rm(root, { recursive: true });
  }
}

test("the same program has the same results in memory and in files", async () => {
  const first = 1 + Math.floor(Math.random() * 1e6);
  for (let seed = first; seed < first + casesOf(12); seed++) {
    assertEquals(await run("files", seed), await run("memory", seed), `with seed ${seed}`);
  }
});
