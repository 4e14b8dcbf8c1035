/** After reading this much, the event loop gets a turn. */
const TURN_BYTES = 32 * 1024 * 1024;

/** Options of work that reads for long. */
export interface PaceOptions {
  /** Ends the work with its reason. */
  signal?: AbortSignal;
  /** Called with how much more was read. */
  progress?: (done: { bytes: number; events: number }) => void;
}

/** Reports the progress of long work, ends it when it is aborted, and lets the event loop run in between. */
export class Pace {
  #bytes = 0;

  constructor(private readonly options: PaceOptions) {}

  /** Counts what was read. Returns a promise when the event loop should have a turn. */
  read(bytes: number, events = 0): void | Promise<void> {
    this.options.progress?.({ bytes, events });
    this.#bytes += bytes;
    if (this.#bytes < TURN_BYTES) return;
    this.#bytes = 0;
    return this.rest();
  }

  /** Gives the event loop a turn; throws if the work was aborted. */
  async rest(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.options.signal?.throwIfAborted();
  }
}
