import type { Storage } from "../../storage/port.ts";
import { everyTick } from "../../storage/ticks.ts";

/** How often a waiter looks for itself where no watch tells it (network file systems have none). */
const POLL_MS = 100;
/** The same where a watch works: a net under it. */
const POLL_WATCHED_MS = 1000;

/**
 * Where readers of one partition wait for what others append. Writers in this process tell it directly;
 * those of other processes show through a watch on the folder and a slow poll beside it. There is neither
 * while no one waits.
 */
export class AppendSignal {
  /** Who waits, and what ends their regular looks. */
  #waiting = new Map<() => void, () => void>();
  #watcher: { close(): void } | undefined;

  constructor(private readonly storage: Storage, private readonly directory: string) {}

  /** Calls `wake` whenever there may be something new, until the returned function is called. */
  listen(wake: () => void): () => void {
    if (this.#waiting.size === 0) this.#watcher = this.storage.watch(this.directory, () => this.notify());
    const pollMs = this.#watcher === undefined ? POLL_MS : POLL_WATCHED_MS;
    // One that waits for many partitions looks once for all of them.
    const stopPolling = everyTick(pollMs, wake, { keepsRunning: true });
    this.#waiting.get(wake)?.();
    this.#waiting.set(wake, stopPolling);
    return () => {
      stopPolling();
      if (this.#waiting.get(wake) === stopPolling) this.#waiting.delete(wake);
      if (this.#waiting.size === 0) this.#unwatch();
    };
  }

  /** Wakes all who listen. */
  notify(): void {
    for (const wake of [...this.#waiting.keys()]) wake();
  }

  /** Stops watching. */
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
