import process from "node:process";
import type { Topic } from "../../../mod.ts";
import { sleep, tell } from "./task.ts";

/** The cost of starting (compiling, collecting garbage) is over after this time. */
const SETTLE_MS = 1500;

/**
 * Waits for an event that does not arrive, and reports how many microseconds of CPU time that took.
 *
 * ```text
 * idle ROOT_PATH TOPIC MILLISECONDS
 * ```
 */
export async function idle(topic: Topic, [milliseconds]: readonly string[]): Promise<void> {
  await using consumer = topic.consumer("idle");
  const event = consumer.pull().wait(SETTLE_MS + Number(milliseconds) + 1000);
  await sleep(SETTLE_MS);
  const before = process.cpuUsage();
  await sleep(Number(milliseconds));
  const { user, system } = process.cpuUsage(before);
  tell(`cpu ${user + system}`);
  if (await event !== undefined) tell("fault an event came");
}
