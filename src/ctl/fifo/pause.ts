import { sleep } from "../../sleep.ts";

/** The shortest and the longest pause between two looks at a FIFO on which nothing happens. */
const SHORTEST_MS = 1;
const LONGEST_MS = 20;
/** So often others get their turn before a pause is made: a peer that is awake needs less than a millisecond. */
const TURNS = 4;

/**
 * Waits between looks at a FIFO: hardly at all while it is busy, longer and longer while nothing happens, so
 * that a busy FIFO is fast and an idle one costs next to nothing. Waiting in the runtime instead would take
 * one of its few threads for each FIFO, and a peer that never comes would keep it for ever.
 */
export class Pause {
  #nextMs = SHORTEST_MS;
  #turns = 0;

  /** Something happened: the next pause is short again. */
  reset(): void {
    this.#nextMs = SHORTEST_MS;
    this.#turns = 0;
  }

  /** Waits; resolves early when the signal is aborted. */
  async idle(signal: AbortSignal): Promise<void> {
    if (this.#turns++ < TURNS) return await yieldToOthers();
    const ms = this.#nextMs;
    this.#nextMs = Math.min(LONGEST_MS, this.#nextMs * 1.5);
    await sleep(ms, signal);
  }
}

/** Lets everything else that is ready run first. */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
