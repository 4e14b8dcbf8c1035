import { writeSync } from "node:fs";
import type { Topic } from "../../../mod.ts";

/** A task of a test process. */
export type Task = (topic: Topic, parameters: readonly string[]) => Promise<void>;

/** Reports something to the test: one line. */
export function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
