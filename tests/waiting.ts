// Ways to wait for what a test wants to see, instead of a fixed time.
import { setImmediate } from "node:timers";

/** Time limit of a wait: machines that run tests may be busy. */
export const PATIENCE_MS = 60_000;

/** Waits until a condition holds; fails if it never does. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  for (const deadline = performance.now() + patienceMs; !await isTrue();) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Lets the event loop turn: what was scheduled for its next turn is done then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
