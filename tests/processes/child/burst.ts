import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import process from "node:process";
import type { Producer, Topic } from "../../../mod.ts";
import { type Content, dataOf, randomFrom } from "../content.ts";
import { sleep, tell } from "./task.ts";

/** The outcome of a push: the id, or the error. */
export type Outcome = { content: Content } & ({ id: number } | { errno: string; mayBeStored: boolean });

/** Pushes events, and reports the outcome of each. */
class Bursts {
  readonly #producers: Producer[];
  #seq = 0;

  constructor(topic: Topic, private readonly run: number, producers: number, maxNumBatches: number) {
    // Every push is a batch; those beyond `maxNumBatches` are stored by a blocking call.
    const options = { batchSize: 1, maxNumBatches };
    this.#producers = Array.from(
      { length: producers },
      (_, index) => topic.producer(`burst ${index}`, options),
    );
  }

  /** Pushes all at once; the producers take turns. */
  async push(count: number, size: number): Promise<Outcome[]> {
    const pushes = Array.from({ length: count }, async (): Promise<Outcome> => {
      const content: Content = { run: this.run, seq: this.#seq++, size };
      const producer = this.#producers[content.seq % this.#producers.length];
      try {
        return { content, id: await producer.push(content, size === 0 ? undefined : dataOf(content)) };
      } catch (error) {
        const { errno, mayBeStored, message } = error as {
          errno?: string;
          mayBeStored?: boolean;
          message: string;
        };
        return { content, errno: errno ?? message, mayBeStored: mayBeStored === true };
      }
    });
    return await Promise.all(pushes);
  }

  /** Pushes a few at a time for a while. */
  async storm(milliseconds: number, sizeMax: number): Promise<Outcome[]> {
    const random = randomFrom(this.run);
    const outcomes: Outcome[] = [];
    for (const end = Date.now() + milliseconds; Date.now() < end;) {
      outcomes.push(...await this.push(1 + Math.floor(random() * 4), Math.floor(random() * sizeMax)));
      await sleep(random() * 3);
    }
    return outcomes;
  }

  async flush(): Promise<string> {
    const results = await Promise.allSettled(this.#producers.map((producer) => producer.flush()));
    const failed = results.find((result) => result.status === "rejected");
    return failed === undefined ? "flushed" : `failed ${failed.reason.errno ?? failed.reason.message}`;
  }
}

/**
 * Pushes when a line on standard input says so, and answers with a line: the outcomes as JSON, the outcome of
 * a flush, or that a storm is over, whose outcomes are written to a file: `push COUNT SIZE`, `flush`, `storm
 * MILLISECONDS SIZE_MAX FILE`.
 *
 * ```text
 * burst ROOT_PATH TOPIC RUN PRODUCERS MAX_NUM_BATCHES
 * ```
 */
export async function burst(topic: Topic, [run, producers, batches]: readonly string[]): Promise<void> {
  const bursts = new Bursts(topic, Number(run), Number(producers), Number(batches));
  tell(`ready ${process.pid}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [order, first, second, file] = line.split(" ");
    if (order === "push") tell(JSON.stringify(await bursts.push(Number(first), Number(second))));
    else if (order === "storm") {
      writeFileSync(file, JSON.stringify(await bursts.storm(Number(first), Number(second))));
      tell("over");
    } else tell(await bursts.flush());
  }
}
