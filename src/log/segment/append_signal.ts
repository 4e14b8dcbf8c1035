import type { Storage } from "../../storage/port.ts";

/** How often a waiter looks for itself where no watch tells it (network file systems have none). */
const POLL_MS = 100;
/** The same where a watch works: a net under it. */
const POLL_WATCHED_MS = 500;

/**
 * Where readers of one partition wait for what others append. Writers in this process tell it directly;
 * those of other processes show through a watch on the folder and a slow poll beside it. There is neither
 * while no one waits.
 */
export class AppendSignal {
  #waiting = new Set<() => void>();
  #watcher: { close(): void } | undefined;
  #poll: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly storage: Storage, private readonly directory: string) {}

  /** Calls `wake` whenever there may be something new, until the returned function is called. */
  listen(wake: () => void): () => void {
    this.#waiting.add(wake);
    if (this.#poll === undefined) this.#start();
    return () => {
      this.#waiting.delete(wake);
      if (this.#waiting.size === 0) this.close();
    };
  }

  /** Wakes all who listen. */
  notify(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Stops watching. */
  close(): void {
    clearInterval(this.#poll);
    this.#watcher?.close();
    this.#poll = undefined;
    this.#watcher = undefined;
  }

  #start(): void {
    this.#watcher = this.storage.watch(this.directory, () => this.notify());
    const pollMs = this.#watcher === undefined ? POLL_MS : POLL_WATCHED_MS;
    this.#poll = setInterval(() => this.notify(), pollMs);
  }
}
