import type { GroupEnvironment } from "./failure_detector.ts";

/** Of readings that follow each other within this time, one in eight asks the clock. */
const FAST_MS = 1;
const SKIPPED = 7;

/** A clock for checks during work. Asking the real one takes as long as delivering an event. */
export class ThrottledClock {
  #toSkip = 0;
  #askedMs = -Infinity;
  #cancelTurn: (() => void) | undefined;

  /** `onTurn` is called when the event loop has turned after a reading. */
  constructor(private readonly environment: GroupEnvironment, private readonly onTurn: () => void) {}

  /** The time; undefined if it was asked for a moment ago and the event loop has not turned since. */
  read(): number | undefined {
    if (this.#toSkip-- > 0) return undefined;
    const now = this.environment.elapsedMs();
    this.#toSkip = now - this.#askedMs < FAST_MS ? SKIPPED : 0;
    this.#askedMs = now;
    this.#cancelTurn ??= this.environment.soon(() => {
      this.#cancelTurn = undefined;
      this.#toSkip = 0;
      this.onTurn();
    });
    return now;
  }

  /** Calls nothing any more. */
  stop(): void {
    this.#cancelTurn?.();
  }
}
