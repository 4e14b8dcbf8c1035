import type { Storage } from "../../storage/port.ts";
import { everyTick } from "../../storage/ticks.ts";

/** How often waiters poll where the system offers no watch (network file systems have none). */
const POLL_MS = 100;
/** How often they poll beside a watch, in case it misses a change. */
const POLL_WATCHED_MS = 1000;

/**
 * Wakes readers of one partition when something was appended. Writers in this process notify it directly; those in
 * other processes are noticed by a watch on the folder, and a slow poll beside it. Neither runs while no one waits.
 */
export class AppendSignal {
  /** The waiters, and what ends the poll of each. */
  #waiting = new Map<() => void, () => void>();
  #watcher: { close(): void } | undefined;

  constructor(private readonly storage: Storage, private readonly directory: string) {}

  /** Calls `wake` whenever there may be something new, until the returned function is called. */
  listen(wake: () => void): () => void {
    if (this.#waiting.size === 0) this.#watcher = this.storage.watch(this.directory, () => this.notify());
    const pollMs = this.#watcher === undefined ? POLL_MS : POLL_WATCHED_MS;
    // A waiter on many partitions polls once for all of them.
    const stopPolling = everyTick(pollMs, wake, { keepsRunning: true });
    this.#waiting.get(wake)?.();
    this.#waiting.set(wake, stopPolling);
    return () => {
      stopPolling();
      if (this.#waiting.get(wake) === stopPolling) this.#waiting.delete(wake);
      if (this.#waiting.size === 0) this.#unwatch();
    };
  }

  notify(): void {
    for (const wake of [...this.#waiting.keys()]) wake();
  }

  close(): void {
    for (const stopPolling of this.#waiting.values()) stopPolling();
    this.#waiting.clear();
    this.#unwatch();
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
