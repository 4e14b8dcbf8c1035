import { openSync, writeSync } from "node:fs";
import type { Producer, Topic } from "../../../mod.ts";
import { type Content, dataOf, randomFrom } from "../content.ts";
import { sleep, tell } from "./task.ts";

/** Maximum data of an event: frames from a few bytes to 60 kB. */
const DATA_BYTES_MAX = 60_000;

/**
 * Pushes for some milliseconds, with one producer or with a new one for each push, and logs each event whose
 * future completed as a line `PARTITION ID RUN SEQ`.
 *
 * ```text
 * steady ROOT_PATH TOPIC RUN LOG_FILE MS one|new
 * ```
 */
export async function steady(topic: Topic, [run, logFile, ms, producers]: readonly string[]): Promise<void> {
  const random = randomFrom(Number(run));
  const log = openSync(logFile, "a");
  const end = performance.now() + Number(ms);
  let producer = topic.producer();
  let seq = 0;
  tell("open");
  while (performance.now() < end) {
    if (producers === "new") {
      await producer.close();
      producer = topic.producer();
    }
    const size = Math.floor(random() ** 3 * DATA_BYTES_MAX);
    await push(producer, { run: Number(run), seq: seq++, size }, log);
    if (random() < 0.02) await sleep(1);
  }
  await producer.close();
  tell(`pushed ${seq}`);
}

async function push(producer: Producer, content: Content, log: number): Promise<void> {
  const id = await producer.push(content, content.size > 0 ? dataOf(content) : undefined);
  writeSync(log, `0 ${id} ${content.run} ${content.seq}\n`);
}
