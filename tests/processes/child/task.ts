import { writeSync } from "node:fs";
import type { Topic } from "../../../mod.ts";

/** Something a process of the tests does. */
export type Task = (topic: Topic, parameters: readonly string[]) => Promise<void>;

/** Tells the test something: one line. */
export function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
