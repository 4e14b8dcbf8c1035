import type { GroupEnvironment } from "./failure_detector.ts";

/** Work that takes less than this for an event reads the clock rarely: reading it costs a twentieth of that. */
const FAST_MS = 0.002;
const EVENTS_DURING_FAST_WORK = 8;

/**
 * The clock by which a member notices, before it delivers an event, that it was stopped. Events that each
 * take less than two microseconds share a reading, at most eight of them; all others have their own.
 */
export class DeliveryClock {
  /** For how many events the last reading is enough. */
  eventsPerReading = 1;
  #readMs = -Infinity;
  #cancelTurn: (() => void) | undefined;

  /** `onTurn` is called when the event loop has turned after a reading: the next event needs a new one. */
  constructor(private readonly environment: GroupEnvironment, private readonly onTurn: () => void) {}

  /** The time, read before an event, after `eventsPerReading` others or a turn of the event loop. */
  read(): number {
    const now = this.environment.elapsedMs();
    const isFast = now - this.#readMs < FAST_MS * this.eventsPerReading;
    this.eventsPerReading = isFast ? EVENTS_DURING_FAST_WORK : 1;
    this.#readMs = now;
    this.#cancelTurn ??= this.environment.soon(() => {
      this.#cancelTurn = undefined;
      this.eventsPerReading = 1;
      this.onTurn();
    });
    return now;
  }

  /** Ends it: nothing is called after that. */
  stop(): void {
    this.#cancelTurn?.();
  }
}
