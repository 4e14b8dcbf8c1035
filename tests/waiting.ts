// Ways to wait for what a test wants to see, instead of a fixed time.
import { setImmediate } from "node:timers";

/** Time limit of a wait: machines that run tests may be busy. */
export const PATIENCE_MS = 60_000;

/** Longest time between two looks; looking may take long, and keeps a busy machine busy. */
const LOOK_MS_MAX = 50;

/** Waits until a condition holds; fails if it never does. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (let waitMs = 5; !await isTrue(); waitMs = Math.min(waitMs * 1.2, LOOK_MS_MAX)) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** Lets the event loop turn: what was scheduled for its next turn is done then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** A promise, and what fulfils it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { opened, open };
}
