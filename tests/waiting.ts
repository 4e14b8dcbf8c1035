// Ways to wait for what a test wants to see, and not for a time in which it should have come.
import { setImmediate } from "node:timers";

/** How long a wait goes on that must end: machines that run tests may be busy. */
export const PATIENCE_MS = 60_000;

/** Waits until something is true; fails when it does not become so. */
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

/** Lets the event loop turn: what was put off to its next turn is done then. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
