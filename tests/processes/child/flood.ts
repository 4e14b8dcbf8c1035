import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import process from "node:process";
import type { Topic } from "../../../mod.ts";
import { tell } from "./task.ts";

/** Pushes between two checks of what is stored. */
const WINDOW = 10_000;

/**
 * Waits for a line on standard input, then pushes events as fast as it can. Reports when it started and
 * ended, and writes the ids that its futures returned to a file, 8 bytes each, in the order of the pushes.
 *
 * ```text
 * flood ROOT_PATH TOPIC RUN EVENTS IDS_FILE
 * ```
 */
export async function flood(topic: Topic, [run, events, idsFile]: readonly string[]): Promise<void> {
  const count = Number(events);
  const ids = new Float64Array(count);
  const producer = topic.producer(`flood ${run}`);
  const metadata = Array.from({ length: count }, (_, seq) => ({ run: Number(run), seq, size: 0 }));

  const lines = createInterface({ input: process.stdin });
  tell("ready");
  await new Promise((resolve) => lines.once("line", resolve));
  lines.close();
  const began = Date.now();
  for (let from = 0; from < count; from += WINDOW) {
    const futures = metadata.slice(from, from + WINDOW).map((content) => producer.push(content));
    ids.set(await Promise.all(futures), from);
  }
  await producer.close();
  tell(`done ${began} ${Date.now()}`);
  writeFileSync(idsFile, new Uint8Array(ids.buffer));
}
