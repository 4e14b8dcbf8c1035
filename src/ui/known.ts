import { setImmediate as turn } from "node:timers/promises";

interface Look<Value> {
  value: Value;
  atMs: number;
  tookMs: number;
}

/** What is looked at is believed for so long, or for twenty times as long as looking took. */
const BELIEVED_MS = 2000;
const BELIEVED_TIMES = 20;

/** What was seen of topics, or of consumers, a few of which are looked at at a time: there may be thousands. */
export class Known<Value> {
  readonly #looks = new Map<string, Look<Value>>();

  /** What was seen of one last, if it was ever looked at. */
  get(name: string): Value | undefined {
    return this.#looks.get(name)?.value;
  }

  /** What one is like now. */
  async now(name: string, look: (name: string) => Promise<Value>): Promise<Value> {
    const beganMs = performance.now();
    const value = await look(name);
    const atMs = performance.now();
    this.#looks.set(name, { value, atMs, tookMs: atMs - beganMs });
    return value;
  }

  /** Forgets all but these. */
  keep(names: readonly string[]): void {
    const kept = new Set(names);
    for (const name of this.#looks.keys()) if (!kept.has(name)) this.#looks.delete(name);
  }

  /**
   * Looks at those that were never looked at, and then at those seen longest ago, until a time has come; at one at least,
   * so that each call comes further however slow the engine is.
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
      // Files are asked without a pause: others get their turn.
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
