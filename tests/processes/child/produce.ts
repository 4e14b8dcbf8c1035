import { openSync, writeSync } from "node:fs";
import type { Topic } from "../../../mod.ts";
import { type Content, dataOf, randomFrom } from "../content.ts";
import { sleep, tell } from "./task.ts";

/** Data parts of this size are written to the log in several frames, ahead of their event. */
const LARGE_BYTES = 2 << 20;
/** Number of large events per process, because other users need the disk too. */
const LARGE_MAX = 4;

/**
 * Pushes bursts of small, medium and large events until it is killed. Each event whose future completed is a
 * line `PARTITION ID SEQ` in the log file.
 *
 * ```text
 * produce ROOT_PATH TOPIC RUN LOG_FILE
 * ```
 */
export async function produce(topic: Topic, [run, logFile]: readonly string[]): Promise<void> {
  const random = randomFrom(Number(run));
  const log = openSync(logFile, "a");
  const producer = topic.producer(`producer ${run}`);
  const below = (limit: number): number => Math.floor(random() * limit);
  let [seq, large] = [0, 0];

  const push = async (size: number): Promise<void> => {
    const content: Content = { run: Number(run), seq: seq++, size };
    const partition = below(topic.partitions.length);
    const id = await producer.push(content, size > 0 ? dataOf(content) : undefined, { partition });
    writeSync(log, `${partition} ${id} ${content.seq}\n`);
  };
  const burst = (isSecond: boolean): Promise<void>[] => {
    const kind = random();
    // The second one too, so that many processes are killed during a large event, however busy the machine is.
    if ((isSecond || kind < 0.1) && large++ < LARGE_MAX) return [push(LARGE_BYTES), push(0)];
    if (kind < 0.3) return Array.from({ length: 1 + below(12) }, () => push(1 + below(70_000)));
    return Array.from({ length: 1 + below(200) }, () => push(0));
  };

  tell("open");
  for (let bursts = 0;; bursts++) {
    await Promise.all(burst(bursts === 1));
    if (bursts === 0) tell("working");
    await sleep(below(6));
  }
}
