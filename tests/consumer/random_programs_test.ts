// Random programs that read with one consumer in every way there is, side by side.
import { assertEquals } from "@std/assert";
import type { Consumer, Event } from "../../mod.ts";
import { test } from "../harness.ts";
import { Random } from "../simulation/disk/random.ts";
import { turn } from "../waiting.ts";
import { ScriptedSource } from "./scripted_consumer.ts";

const ENOUGH = new Error("enough");

class Program {
  readonly source: ScriptedSource;
  /** The ids that were delivered, by partition. */
  readonly ids: number[][];
  readonly #consumer: Consumer<unknown>;

  constructor(private readonly random: Random) {
    const partitions = 1 + random.below(3);
    this.source = new ScriptedSource(partitions);
    this.source.readMs = [undefined, 0, 1][random.below(3)];
    this.ids = Array.from({ length: partitions }, () => []);
    for (let partition = 0; partition < partitions; partition++) this.#store(partition, random.below(30));
    this.#consumer = this.source.consumer({
      batchSize: 1 + random.below(9),
      ...(random.below(2) === 0 ? {} : {
        dataSelector: (_, descriptor) => random.below(2) === 0 ? descriptor : turn().then(() => descriptor),
      }),
    });
  }

  async run(steps: number): Promise<void> {
    const running: Promise<void>[] = [];
    for (let step = 0; step < steps; step++) {
      const one = this.#step().catch((error) => {
        if (error !== ENOUGH) throw error;
      });
      running.push(one);
      if (this.random.below(2) === 0) await one;
    }
    await Promise.all(running);
    for await (const event of this.#consumer.events({ until: "end" })) this.#take(event);
    await this.#consumer.close();
  }

  #take(...events: Event<unknown>[]): void {
    for (const { partition, id } of events) this.ids[partition]!.push(id);
  }

  #store(partition: number, count: number): void {
    this.source.store(count, partition, (id) => ({ text: String(id), data: new Uint8Array(2) }));
  }

  async #step(): Promise<void> {
    const consumer = this.#consumer;
    const stop = new AbortController();
    const { signal } = stop;
    if (this.random.below(3) === 0) void turn().then(() => stop.abort(ENOUGH));
    const until = this.random.below(2) === 0 ? "end" : { id: this.random.below(30) };
    const most = this.random.below(12);
    switch (this.random.below(7)) {
      case 0: {
        const event = await consumer.pull().wait(this.random.below(3), { signal });
        return event === undefined ? undefined : this.#take(event);
      }
      case 1: {
        let count = 0;
        for await (const event of consumer.events({ until, signal })) {
          this.#take(event);
          if (++count === most) break;
        }
        return;
      }
      case 2: {
        let count = 0;
        for await (const batch of consumer.batches({ until, signal })) {
          this.#take(...batch);
          if (++count === most) break;
        }
        return;
      }
      case 3:
        await consumer.process((event) => {
          this.#take(event);
          return this.random.below(3) === 0 ? turn() : undefined;
        }, { maxEvents: most, timeoutMs: 1, signal, concurrency: 1 + this.random.below(2) });
        return;
      case 4: {
        const events = consumer.batches({ timeoutMs: 5 });
        const pending = events.next();
        if (this.random.below(2) === 0) await turn();
        await events.return?.();
        const { value } = await pending;
        return this.#take(...value ?? []);
      }
      case 5: {
        const reader = consumer.readable({ until }).getReader();
        for (let left = most; left > 0; left--) {
          const { value } = await reader.read();
          if (value === undefined) break;
          this.#take(value);
        }
        return await reader.cancel();
      }
      default:
        this.#store(this.random.below(this.ids.length), this.random.below(6));
        await turn();
    }
  }
}

test("random programs get every event once, however their waits, iterations and streams end", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const program = new Program(new Random(seed));
    await program.run(12);
    // Those that read side by side note their events in any order.
    const seen = program.ids.map((ids) => [...ids].sort((one, other) => one - other));
    const all = program.source.partitions.map((events) => events.map((_, id) => id));
    assertEquals(seen, all, `seed ${seed}`);
  }
});
