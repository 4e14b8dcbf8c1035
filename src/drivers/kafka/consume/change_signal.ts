/** A condition variable: waiters check their conditions again after each announced change. */
export class ChangeSignal {
  readonly #listeners = new Set<() => void>();
  #closed = false;

  /** Announces that something changed. */
  announce(): void {
    for (const look of [...this.#listeners]) look();
  }

  /** Nothing will change any more: releases all waiters. */
  close(): void {
    this.#closed = true;
    this.announce();
  }

  /** Resolves when the condition holds; it is checked after every announced change. */
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

  /** The same with a timeout in milliseconds: false if it expires; true if it holds or the signal is closed. */
  untilOrTimeout(condition: () => boolean, msMax: number): Promise<boolean> {
    const isOver = (): boolean => this.#closed || condition();
    if (isOver()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (isSo: boolean): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(isSo);
      };
      const look = (): void => {
        if (isOver()) end(true);
      };
      const timer = setTimeout(() => end(isOver()), Math.max(0, msMax));
      this.#listeners.add(look);
    });
  }
}
