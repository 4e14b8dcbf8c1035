import { setImmediate as turn } from "node:timers/promises";

interface Entry<Value> {
  value: Value;
  atMs: number;
  tookMs: number;
}

/** Values are cached for this long, or for twenty times as long as it took to get them. */
const CACHED_MS = 2000;
const CACHED_TIMES = 20;

/** Cached facts about topics or consumers, refreshed a few at a time: there may be thousands. */
export class Cache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();

  /** The cached value, if there is one. */
  get(name: string): Value | undefined {
    return this.#entries.get(name)?.value;
  }

  /** The current value. */
  async now(name: string, look: (name: string) => Promise<Value>): Promise<Value> {
    const beganMs = performance.now();
    const value = await look(name);
    const atMs = performance.now();
    this.#entries.set(name, { value, atMs, tookMs: atMs - beganMs });
    return value;
  }

  /** Drops all others from the cache. */
  keep(names: readonly string[]): void {
    const kept = new Set(names);
    for (const name of this.#entries.keys()) if (!kept.has(name)) this.#entries.delete(name);
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
    const refreshedMs = (name: string): number => this.#entries.get(name)?.atMs ?? -Infinity;
    let hasRefreshed = false;
    for (const name of [...names].sort((one, other) => refreshedMs(one) - refreshedMs(other))) {
      if (hasRefreshed && performance.now() > untilMs) return;
      if (this.#isFresh(name)) continue;
      // File access is synchronous: this lets other requests proceed.
      await turn();
      await this.now(name, look);
      hasRefreshed = true;
    }
  }

  #isFresh(name: string): boolean {
    const look = this.#entries.get(name);
    return look !== undefined &&
      performance.now() - look.atMs < Math.max(CACHED_MS, CACHED_TIMES * look.tookMs);
  }
}
