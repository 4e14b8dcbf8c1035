/** Lets those wait who need something to become so, and looks whenever something changed. */
export class ChangeSignal {
  readonly #listeners = new Set<() => void>();
  #closed = false;

  /** Something changed. */
  announce(): void {
    for (const look of [...this.#listeners]) look();
  }

  /** Nothing changes any more: no one waits longer. */
  close(): void {
    this.#closed = true;
    this.announce();
  }

  /** Resolves when the condition holds, which is looked at whenever something changed. */
  until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.#closed && !condition()) return;
        signal.removeEventListener("abort", look);
        this.#listeners.delete(look);
        resolve();
      };
      signal.addEventListener("abort", look);
      this.#listeners.add(look);
      look();
    });
  }

  /** The same, but false after so many milliseconds; true where there is nothing to wait for any more. */
  async untilOrLate(condition: () => boolean, msMax: number): Promise<boolean> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), Math.max(0, msMax));
    try {
      await this.until(() => late.signal.aborted || condition(), late.signal);
    } finally {
      clearTimeout(timer);
    }
    return this.#closed || condition();
  }
}
