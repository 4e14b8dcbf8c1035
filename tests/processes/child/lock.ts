import { readFileSync, writeFileSync } from "node:fs";
import type { Topic } from "../../../mod.ts";
import { FileLock } from "../../../src/storage/file_lock.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { tell } from "./task.ts";

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/**
 * Takes a lock, reports that, and releases it after some milliseconds.
 *
 * ```text
 * hold ROOT_PATH TOPIC LOCK_FILE MILLISECONDS
 * ```
 */
export function hold(_: Topic, [lockFile, milliseconds]: readonly string[]): Promise<void> {
  new FileLock(nodeStorage, lockFile).hold(() => {
    tell("held");
    block(Number(milliseconds));
  });
  return Promise.resolve();
}

/**
 * Adds 1 to the number in a file, so slowly that two processes doing so at the same time lose an addition.
 *
 * ```text
 * increment ROOT_PATH TOPIC LOCK_FILE NUMBER_FILE TIMES
 * ```
 */
export function increment(_: Topic, [lockFile, numberFile, times]: readonly string[]): Promise<void> {
  const lock = new FileLock(nodeStorage, lockFile);
  for (let time = 0; time < Number(times); time++) {
    lock.hold(() => {
      const number = Number(readFileSync(numberFile, "utf8"));
      block(1);
      writeFileSync(numberFile, String(number + 1));
    });
  }
  return Promise.resolve();
}
