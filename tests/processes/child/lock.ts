import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Topic } from "../../../mod.ts";
import { FileLock } from "../../../src/storage/file_lock.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { tell } from "./task.ts";

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** How long a lock is held after others want it. */
const HELD_MS = 500;

/**
 * Takes a lock, reports that, waits until a file exists and for a while after that, writes `held` into the file,
 * and releases the lock.
 *
 * ```text
 * hold ROOT_PATH TOPIC LOCK_FILE FILE
 * ```
 */
export function hold(_: Topic, [lockFile, file]: readonly string[]): Promise<void> {
  new FileLock(nodeStorage, lockFile).hold(() => {
    tell("held");
    while (!existsSync(file)) block(5);
    block(HELD_MS);
    writeFileSync(file, "held");
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
