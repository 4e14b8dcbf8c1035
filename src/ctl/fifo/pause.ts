import { sleep } from "../../async.ts";

/** The shortest and the longest pause between two polls of an idle FIFO. */
const SHORTEST_MS = 1;
const LONGEST_MS = 20;
/** How often to yield before a real pause: an active peer needs less than a millisecond. */
const TURNS = 4;

/**
 * Waits between polls of a FIFO: hardly at all while it is busy, longer and longer while it is idle, so that a
 * busy FIFO is fast and an idle one costs almost nothing. A blocking call would occupy one of the runtime's few
 * threads for each FIFO, forever if its peer never comes.
 */
export class Pause {
  #nextMs = SHORTEST_MS;
  #turns = 0;

  /** There was activity: the next pause is short again. */
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
