import type { TemplateResult } from "lit-html";
import { sleep } from "../src/sleep.ts";

/** A part of the page with a state of its own. */
export abstract class View {
  readonly #ending = new AbortController();
  /** Called when the view looks different; set by what shows it. */
  onChange: () => void = () => {};

  /** Aborted when the view is left. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** What the title of the window says. */
  abstract get title(): string;

  /** How it looks now. */
  abstract render(): TemplateResult;

  /** Called once, when it is shown first. */
  start(): void {}

  /** Called once, when it is left. */
  stop(): void {
    this.#ending.abort();
  }

  /** Something is different. */
  changed(): void {
    if (!this.signal.aborted) this.onChange();
  }

  /** Does something again and again, as long as the view is shown and the window seen. */
  poll(intervalMs: number, work: () => Promise<void>): void {
    const loop = async (): Promise<void> => {
      while (!this.signal.aborted) {
        const beganMs = performance.now();
        if (!document.hidden) {
          try {
            await work();
          } catch (error) {
            if (!this.signal.aborted) this.failed(error);
          }
        }
        // A server that is slow is asked less often.
        await sleep(Math.max(intervalMs, 4 * (performance.now() - beganMs)), this.signal);
      }
    };
    void loop();
  }

  /** Does something once. */
  run(work: () => Promise<void>): void {
    work().catch((error) => {
      if (!this.signal.aborted) this.failed(error);
    });
  }

  /** Called with errors; shown by those who have a place for it. */
  protected failed(error: unknown): void {
    console.error(error);
  }
}
