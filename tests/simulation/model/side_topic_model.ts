import { BrokenPromise } from "./broken_promise.ts";

/** Whether a topic exists, as far as can be known. */
export type Presence = "there" | "missing" | "unknown";

/** One attempt to create or delete the topic. */
interface Attempt {
  /** Whether others tried at the same time: then their order is unknown. */
  overlaps: boolean;
  /** The state that it left, once that is known, and the state that it cannot have found. */
  outcome?: { leaves: Presence; cannotFind?: Presence; what: string };
}

/**
 * A topic that several programs create and delete. Attempts are distinguished by when they began and ended.
 */
export class SideTopicModel {
  state: Presence = "missing";
  /** Counts attempts that began. */
  attempts = 0;
  /** Whether that is on the disk: another one's work that was only seen may not be. */
  #isDurable = true;
  #running = new Set<Attempt>();
  readonly #added = new Map<string, number>();
  /** Finished attempts, in order, the first of them with an unknown outcome. */
  #done: Attempt[] = [];

  /**
   * Whether an attempt to change the topic is in progress: a deletion that fails may remove it for a moment.
   */
  get isChanging(): boolean {
    return this.#running.size > 0;
  }

  /** Runs an attempt to change the topic; whatever it does is done when it returns. */
  run<T>(work: () => Promise<T>): { work: Promise<T>; attempt: Attempt } {
    const attempt = this.begin();
    try {
      return { work: work(), attempt };
    } finally {
      this.#leave(attempt);
    }
  }

  /** Begins an attempt that goes on until its outcome is known. */
  begin(): Attempt {
    this.attempts++;
    const attempt: Attempt = { overlaps: this.#running.size > 0 };
    for (const other of this.#running) other.overlaps = true;
    this.#running.add(attempt);
    return attempt;
  }

  #leave(attempt: Attempt): void {
    if (!this.#running.delete(attempt)) return;
    this.attempts++;
    this.#done.push(attempt);
  }

  /** The outcome of an attempt. */
  end(attempt: Attempt, outcome: Attempt["outcome"]): void {
    attempt.outcome = outcome;
    this.#leave(attempt);
    while (this.#done.length > 0 && this.#done[0].outcome !== undefined) {
      const { overlaps, outcome } = this.#done.shift()!;
      const { leaves, cannotFind, what } = outcome!;
      if (!overlaps && cannotFind !== undefined && this.state === cannotFind) throw new BrokenPromise(what);
      const isOwnWork = cannotFind === leaves;
      this.#isDurable = !overlaps && (isOwnWork || this.#isDurable && this.state === leaves);
      this.state = overlaps ? "unknown" : leaves;
    }
  }

  /** An event was stored in the topic with this identity. */
  noteAdded(identity: string): void {
    this.#added.set(identity, this.addedTo(identity) + 1);
  }

  /** How many events were stored in the topic with this identity, by imports into it. */
  addedTo(identity: string): number {
    return this.#added.get(identity) ?? 0;
  }

  /** The power was cut. */
  forgetUnsynced(): void {
    this.#added.clear();
    if (!this.#isDurable || this.isChanging) this.state = "unknown";
    this.#running.clear();
  }
}
