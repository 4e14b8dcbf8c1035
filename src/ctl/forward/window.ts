import { type Event, PartitionMovedError, type Producer } from "../../../mod.ts";

/** Number of events, and bytes, after which pushed events are stored and acknowledged. */
const EVENTS_MAX = 8192;
const BYTES_MAX = 4 * 1024 * 1024;

/**
 * Events pushed to the destination but not yet acknowledged at the source. They are acknowledged together once the
 * destination has stored all of them; meanwhile the next ones are being pushed.
 */
export class ForwardWindow {
  #events = 0;
  #bytes = 0;
  /** The last event pushed from each source partition. */
  #last = new Map<number, Event>();
  #settling: Promise<void> = Promise.resolve();
  /** Number of acknowledged events. */
  acknowledged = 0;

  constructor(private readonly producer: Producer) {}

  /** Counts an event that was pushed. */
  add(event: Event, bytes: number): void {
    this.#events++;
    this.#bytes += bytes;
    this.#last.set(event.partition, event);
  }

  /** Whether enough was pushed to store it. */
  get full(): boolean {
    return this.#events >= EVENTS_MAX || this.#bytes >= BYTES_MAX;
  }

  /**
   * Starts to store and acknowledge what was pushed; waits only for the previous such operation. Failures are
   * thrown by the next call, or by {@linkcode settled}.
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
    // The next call reports it; it must not be an unhandled rejection in the meantime.
    this.#settling.catch(() => {});
  }

  /** Resolves when everything pushed is stored and acknowledged. */
  async settled(): Promise<void> {
    await this.settle();
    await this.#settling;
  }

  async #store(last: ReadonlyMap<number, Event>, events: number): Promise<void> {
    await this.producer.flush();
    await Promise.all([...last.values()].map(acknowledgeUnlessMoved));
    this.acknowledged += events;
  }
}

/** If the partition was reassigned, its new owner forwards the event again, and this process continues. */
async function acknowledgeUnlessMoved(event: Event): Promise<void> {
  try {
    await event.acknowledge();
  } catch (error) {
    if (!(error instanceof PartitionMovedError)) throw error;
  }
}
