import { BrokenPromise } from "./broken_promise.ts";

/** Whether a topic is there, as far as anybody can know. */
export type Presence = "there" | "missing" | "unknown";

/** One attempt to create or delete the topic. */
interface Attempt {
  /** Whether others tried at the same time: then no one knows who came first. */
  overlaps: boolean;
  /** What it left, once that is known, and what it must not have found. */
  outcome?: { leaves: Presence; cannotFind?: Presence; what: string };
}

/** A topic that is created and deleted by several programs. Attempts are distinguished by what was begun and done when. */
export class SideTopicModel {
  state: Presence = "missing";
  /** Counts attempts that began. */
  attempts = 0;
  #running = new Set<Attempt>();
  /** Done, in order, the first of them without a known outcome. */
  #done: Attempt[] = [];

  /** Whether something is trying to change the topic: a deletion that fails may take it away for a moment. */
  get isChanging(): boolean {
    return this.#running.size > 0;
  }

  /** Runs what tries to change the topic; whatever it does is done when it returns. */
  run<T>(work: () => Promise<T>): { work: Promise<T>; attempt: Attempt } {
    this.attempts++;
    const attempt: Attempt = { overlaps: this.#running.size > 0 };
    for (const other of this.#running) other.overlaps = true;
    this.#running.add(attempt);
    try {
      return { work: work(), attempt };
    } finally {
      this.#running.delete(attempt);
      this.#done.push(attempt);
    }
  }

  /** What became of an attempt. */
  end(attempt: Attempt, outcome: Attempt["outcome"]): void {
    attempt.outcome = outcome;
    while (this.#done.length > 0 && this.#done[0].outcome !== undefined) {
      const { overlaps, outcome } = this.#done.shift()!;
      const { leaves, cannotFind, what } = outcome!;
      if (!overlaps && cannotFind !== undefined && this.state === cannotFind) throw new BrokenPromise(what);
      this.state = overlaps ? "unknown" : leaves;
    }
  }
}
