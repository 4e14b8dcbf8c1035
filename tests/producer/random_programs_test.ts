// Random programs that push and flush, while batches are stored and fail in any order.
import { assert, assertEquals } from "@std/assert";
import { BackpressureError, FlushError, type Future, InvalidDataError } from "../../mod.ts";
import { test } from "../harness.ts";
import { Random } from "../simulation/disk/random.ts";
import { turn } from "../waiting.ts";
import { detach } from "./changing_data.ts";
import { type Handed, microtasks, ScriptedTopic } from "./scripted_topic.ts";

const DISK_FULL = new Error("disk full");

interface Pushed {
  partition: number;
  future: Future<number>;
  /** Whether the program looks at the future before everything is flushed. */
  isObserved: boolean;
}

/** A producer, what was pushed into it, and the batches whose end is to come. */
class Program {
  readonly pushes: Pushed[] = [];
  readonly stored: Handed[] = [];
  /** Failed pushes by the flushes that reported them. */
  reported = 0;
  readonly #topic: ScriptedTopic;
  readonly #producer;
  readonly #ended = new Set<Handed>();

  constructor(private readonly random: Random) {
    this.#topic = new ScriptedTopic(1 + random.below(3));
    this.#topic.answer = "later";
    this.#producer = this.#topic.producer({
      batchSize: 1 + random.below(6),
      maxNumBatches: 1 + random.below(3),
      maxPendingBytes: 500 + random.below(5000),
    });
  }

  async run(steps: number): Promise<void> {
    const flushes: Promise<void>[] = [];
    for (let step = 0; step < steps; step++) {
      const kind = this.random.below(10);
      if (kind < 5) this.#push();
      else if (kind < 8) await this.#endOne();
      else if (kind === 8) await turn();
      else flushes.push(this.#flush());
    }
    let left = 1;
    const flushed = Promise.all([...flushes, this.#flush()]).finally(() => left = 0);
    for (; left > 0; await turn()) await this.#endOne();
    await flushed;
    await this.#producer.close();
  }

  #push(): void {
    const partition = this.random.below(this.#topic.numPartitions);
    const data = this.random.below(3) === 0 ? new Uint8Array(1 + this.random.below(30)) : undefined;
    const metadata = JSON.stringify({ n: this.pushes.length, pad: "x".repeat(this.random.below(60)) });
    const future = this.#producer.push(metadata, data, { partition });
    const isObserved = this.random.below(2) === 0;
    if (isObserved) future.catch(() => {});
    this.pushes.push({ partition, future, isObserved });
    if (data !== undefined && this.random.below(4) === 0) detach(data.buffer);
  }

  async #endOne(): Promise<void> {
    const open = this.#topic.handed.filter((handed) => !this.#ended.has(handed));
    const handed = open[this.random.below(open.length || 1)];
    if (handed === undefined) return;
    this.#ended.add(handed);
    if (this.random.below(6) === 0) handed.fail(DISK_FULL);
    else {
      this.stored.push(handed);
      handed.store();
    }
    await microtasks();
  }

  async #flush(): Promise<void> {
    try {
      await this.#producer.flush();
    } catch (error) {
      if (!(error instanceof FlushError)) throw error;
      this.reported += error.failures;
    }
  }
}

test("what random programs push is stored once under its id or has failed, and flushes report what no one looked at", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const program = new Program(new Random(seed));
    await program.run(60);
    const { pushes, stored, reported } = program;
    assert(pushes.every(({ future }) => future.completed), `seed ${seed}`);
    // Ids follow from the order in which batches were stored.
    const ids = new Map<number, number>();
    const next = [0, 0, 0];
    for (const { partition, metadata } of stored) {
      for (const text of metadata) ids.set(JSON.parse(String(text)).n, next[partition]!++);
    }
    let unobserved = 0;
    for (const [n, { future, isObserved }] of pushes.entries()) {
      let outcome: number | undefined;
      try {
        outcome = await future;
      } catch (error) {
        const isKnown = error instanceof BackpressureError || error instanceof InvalidDataError;
        if (!isKnown && error !== DISK_FULL) throw error;
        if (!isObserved) unobserved++;
      }
      assertEquals(outcome, ids.get(n), `seed ${seed}, push ${n}`);
    }
    assertEquals(reported, unobserved, `seed ${seed}`);
  }
});
