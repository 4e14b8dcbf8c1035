import { setImmediate as turn } from "node:timers/promises";

interface Look<Value> {
  value: Value;
  atMs: number;
  tookMs: number;
}

/** Values are cached for this long, or for twenty times as long as it took to get them. */
const BELIEVED_MS = 2000;
const BELIEVED_TIMES = 20;

/** Cached facts about topics or consumers, refreshed a few at a time: there may be thousands. */
export class Known<Value> {
  readonly #looks = new Map<string, Look<Value>>();

  /** The cached value, if there is one. */
  get(name: string): Value | undefined {
    return this.#looks.get(name)?.value;
  }

  /** The current value. */
  async now(name: string, look: (name: string) => Promise<Value>): Promise<Value> {
    const beganMs = performance.now();
    const value = await look(name);
    const atMs = performance.now();
    this.#looks.set(name, { value, atMs, tookMs: atMs - beganMs });
    return value;
  }

  /** Drops all others from the cache. */
  keep(names: readonly string[]): void {
    const kept = new Set(names);
    for (const name of this.#looks.keys()) if (!kept.has(name)) this.#looks.delete(name);
  }

  /**
   * Refreshes missing values first, then the oldest ones, until a deadline; at least one, so that each call makes
   * progress however slow the engine is.
   */
  async refresh(
    names: readonly string[],
    untilMs: number,
    look: (name: string) => Promise<Value>,
  ): Promise<void> {
    const seenMs = (name: string): number => this.#looks.get(name)?.atMs ?? -Infinity;
    let hasLooked = false;
    for (const name of [...names].sort((one, other) => seenMs(one) - seenMs(other))) {
      if (hasLooked && performance.now() > untilMs) return;
      if (this.#isBelieved(name)) continue;
      // File access is synchronous: this lets other requests proceed.
      await turn();
      await this.now(name, look);
      hasLooked = true;
    }
  }

  #isBelieved(name: string): boolean {
    const look = this.#looks.get(name);
    return look !== undefined &&
      performance.now() - look.atMs < Math.max(BELIEVED_MS, BELIEVED_TIMES * look.tookMs);
  }
}
