/** So much is read between two moments in which others get their turn. */
const TURN_BYTES = 32 * 1024 * 1024;

/** What long reading takes and tells. */
export interface PaceOptions {
  /** Ends the work with its reason. */
  signal?: AbortSignal;
  /** Called with how much more was read. */
  progress?: (done: { bytes: number; events: number }) => void;
}

/** Keeps long work company: counts it, ends it when asked, and lets others run in between. */
export class Pace {
  #bytes = 0;

  constructor(private readonly options: PaceOptions) {}

  /** So much was read. A promise is returned when it is time to let others run. */
  read(bytes: number, events = 0): void | Promise<void> {
    this.options.progress?.({ bytes, events });
    this.#bytes += bytes;
    if (this.#bytes < TURN_BYTES) return;
    this.#bytes = 0;
    return this.rest();
  }

  /** Lets others run; throws when the work is to end. */
  async rest(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.options.signal?.throwIfAborted();
  }
}
