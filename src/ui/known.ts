import { setImmediate as turn } from "node:timers/promises";

interface Look<Value> {
  value: Value;
  atMs: number;
  tookMs: number;
}

/** What is looked at is believed for so long, or for twenty times as long as looking took. */
const BELIEVED_MS = 2000;
const BELIEVED_TIMES = 20;

/** What was seen of topics, a few of which are looked at at a time: a store may have thousands. */
export class Known<Value> {
  readonly #looks = new Map<string, Look<Value>>();

  constructor(private readonly look: (topic: string) => Promise<Value>) {}

  /** What was seen of a topic last, if it was ever looked at. */
  get(topic: string): Value | undefined {
    return this.#looks.get(topic)?.value;
  }

  /** What a topic is like now. */
  async now(topic: string): Promise<Value> {
    const beganMs = performance.now();
    const value = await this.look(topic);
    const atMs = performance.now();
    this.#looks.set(topic, { value, atMs, tookMs: atMs - beganMs });
    return value;
  }

  /** Looks at those that were never looked at, and then at those seen longest ago, for a while; forgets all others. */
  async refresh(topics: readonly string[], patienceMs: number): Promise<void> {
    const names = new Set(topics);
    for (const name of this.#looks.keys()) if (!names.has(name)) this.#looks.delete(name);
    const seenMs = (topic: string): number => this.#looks.get(topic)?.atMs ?? -Infinity;
    const untilMs = performance.now() + patienceMs;
    for (const topic of [...topics].sort((one, other) => seenMs(one) - seenMs(other))) {
      if (performance.now() > untilMs) return;
      if (this.#isBelieved(topic)) continue;
      // Files are asked without a pause: others get their turn.
      await turn();
      await this.now(topic);
    }
  }

  #isBelieved(topic: string): boolean {
    const look = this.#looks.get(topic);
    return look !== undefined &&
      performance.now() - look.atMs < Math.max(BELIEVED_MS, BELIEVED_TIMES * look.tookMs);
  }
}
