import process from "node:process";
import type { Topic } from "../../../mod.ts";
import { sleep, tell } from "./task.ts";

/** The cost of starting (compiling, collecting garbage) is over after this time, unless the machine is busy. */
const SETTLE_MS = 1500;
const MEASURED_MS = 1500;
const MEASURES_MAX = 20;

/**
 * Waits for an event that does not arrive, and reports the share of a processor that this takes, once it is below a
 * limit, or at last.
 *
 * ```text
 * idle ROOT_PATH TOPIC SHARE_MAX
 * ```
 */
export async function idle(topic: Topic, [shareMax]: readonly string[]): Promise<void> {
  await using consumer = topic.consumer("idle");
  let hasCome = false;
  // Refused when the consumer is closed.
  consumer.pull().then(() => hasCome = true, () => {});
  await sleep(SETTLE_MS);
  let share = Infinity;
  for (let measures = 0; measures < MEASURES_MAX && share >= Number(shareMax); measures++) {
    const [before, beganMs] = [process.cpuUsage(), performance.now()];
    await sleep(MEASURED_MS);
    const { user, system } = process.cpuUsage(before);
    share = (user + system) / 1000 / (performance.now() - beganMs);
  }
  tell(`cpu ${share}`);
  if (hasCome) tell("fault an event came");
}
