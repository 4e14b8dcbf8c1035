import { clearTimeout, setTimeout } from "node:timers";

/** A timer that would fire sooner than this share of its interval waits for the next tick instead. */
const EARLY = 0.25;

/**
 * Calls at a regular interval. All calls of one interval come together, and so do those of intervals that divide each
 * other, so that a waiting process wakes up as rarely as possible.
 */
class Ticks {
  /** How often each function was added. */
  readonly #calls = new Map<() => void, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ms: number, private readonly keepsRunning: boolean) {}

  get isNeeded(): boolean {
    return this.#calls.size > 0;
  }

  add(call: () => void): void {
    this.#calls.set(call, (this.#calls.get(call) ?? 0) + 1);
    if (this.#timer === undefined) this.#wait();
  }

  remove(call: () => void): void {
    const left = this.#calls.get(call)! - 1;
    if (left > 0) this.#calls.set(call, left);
    else this.#calls.delete(call);
    if (this.isNeeded) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    const left = this.ms - performance.now() % this.ms;
    this.#timer = setTimeout(() => {
      this.#wait();
      for (const call of [...this.#calls.keys()]) if (this.#calls.has(call)) call();
    }, left < this.ms * EARLY ? left + this.ms : left);
    if (!this.keepsRunning) this.#timer.unref();
  }
}

const all = new Map<string, Ticks>();

/**
 * Calls a function every `ms` milliseconds, once even if it was given several times; the returned function ends that.
 * Only with `keepsRunning` does it keep the process alive.
 */
export function everyTick(
  ms: number,
  call: () => void,
  { keepsRunning }: { keepsRunning: boolean },
): () => void {
  const key = `${ms} ${keepsRunning}`;
  let ticks = all.get(key);
  if (ticks === undefined) all.set(key, ticks = new Ticks(ms, keepsRunning));
  ticks.add(call);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    ticks.remove(call);
    if (!ticks.isNeeded && all.get(key) === ticks) all.delete(key);
  };
}
