import { type Event, PartitionMovedError, type Producer } from "../../../mod.ts";

/** Events, and bytes, after which what was pushed is stored and acknowledged. */
const EVENTS_MAX = 8192;
const BYTES_MAX = 4 * 1024 * 1024;

/**
 * Events pushed to the destination and not yet acknowledged at the source. They are acknowledged together, once
 * the destination has stored them all; meanwhile the next ones are pushed already.
 */
export class ForwardWindow {
  readonly #producer: Producer;
  #events = 0;
  #bytes = 0;
  /** The last event pushed of each source partition. */
  #last = new Map<number, Event>();
  #settling: Promise<void> = Promise.resolve();
  /** Events acknowledged so far. */
  acknowledged = 0;

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  /** Counts an event that was pushed. */
  add(event: Event, bytes: number): void {
    this.#events++;
    this.#bytes += bytes;
    this.#last.set(event.partition, event);
  }

  /** Whether so much was pushed that it should be stored. */
  get full(): boolean {
    return this.#events >= EVENTS_MAX || this.#bytes >= BYTES_MAX;
  }

  /**
   * Begins to store and acknowledge what was pushed; waits only for what was begun before. Failures come out of
   * the next call, or of {@linkcode settled}.
   */
  async settle(): Promise<void> {
    await this.#settling;
    if (this.#events === 0) return;
    const last = this.#last;
    const events = this.#events;
    this.#last = new Map();
    this.#events = 0;
    this.#bytes = 0;
    this.#settling = this.#store(last, events);
    // Looked at by the next call; a failure in between is no one's unhandled rejection.
    this.#settling.catch(() => {});
  }

  /** Resolves when everything pushed is stored and acknowledged. */
  async settled(): Promise<void> {
    await this.settle();
    await this.#settling;
  }

  async #store(last: ReadonlyMap<number, Event>, events: number): Promise<void> {
    await this.#producer.flush();
    await Promise.all([...last.values()].map(acknowledgeUnlessMoved));
    this.acknowledged += events;
  }
}

/** Where the partition has moved, the next owner forwards the event again, and this one goes on. */
async function acknowledgeUnlessMoved(event: Event): Promise<void> {
  try {
    await event.acknowledge();
  } catch (error) {
    if (!(error instanceof PartitionMovedError)) throw error;
  }
}
