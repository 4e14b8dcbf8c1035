/**
 * What a test leaves behind: timers, and open files and watches. Deno's own runner checks this after each
 * test; a worker does so itself, so that a mutant that forgets to clean up is noticed. Import this module
 * before anything else.
 *
 * @module
 */
import { readdirSync } from "node:fs";

const timers = new Set<unknown>();
const { setTimeout: start, setInterval: repeat, clearTimeout: stop, clearInterval: end } = globalThis;

type Callback = (...parameters: unknown[]) => void;

Object.assign(globalThis, {
  setTimeout(callback: Callback, ms?: number, ...parameters: unknown[]): unknown {
    const timer: unknown = start(() => {
      timers.delete(timer);
      callback(...parameters);
    }, ms);
    timers.add(timer);
    return timer;
  },
  setInterval(callback: Callback, ms?: number, ...parameters: unknown[]): unknown {
    const timer: unknown = repeat(callback, ms, ...parameters);
    timers.add(timer);
    return timer;
  },
  clearTimeout(timer: Parameters<typeof stop>[0]): void {
    timers.delete(timer);
    stop(timer);
  },
  clearInterval(timer: Parameters<typeof end>[0]): void {
    timers.delete(timer);
    end(timer);
  },
});

/** File descriptors that are open; none where the system does not tell. */
function openFiles(): string[] {
  try {
    return readdirSync("/proc/self/fd");
  } catch {
    return [];
  }
}

/** Resolves after a turn of the event loop, with a timer that does not count. */
export function turn(ms = 0): Promise<void> {
  return new Promise((resolve) => start(resolve, ms));
}

/** What exists now, to compare with later. */
export class Leftovers {
  readonly #timers = new Set(timers);
  readonly #files = openFiles().length;

  /** Whether there is more than before, after a moment for what is being closed. */
  async hasMore(): Promise<boolean> {
    for (const waitMs of [0, 1, 10]) {
      await turn(waitMs);
      const hasTimers = [...timers].some((timer) => !this.#timers.has(timer));
      if (!hasTimers && openFiles().length <= this.#files) return false;
    }
    return true;
  }
}
