import { clearTimeout, setTimeout } from "node:timers";

/** A moment that comes this much of its distance too early belongs to the one after it. */
const EARLY = 0.25;

/**
 * Calls that come at regular moments. All of one distance come at once, and those of distances that divide each other
 * together, so that a process that waits wakes as rarely as can be.
 */
class Ticks {
  /** How often each is asked for. */
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
 * Calls every so many milliseconds, once where the same function is given several times; the function given back ends
 * it. Only where `keepsRunning` says so the process stays for it.
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
