import type { TemplateResult } from "lit-html";
import { sleep } from "../src/async.ts";

/** A part of the page with its own state. */
export abstract class View {
  readonly #ending = new AbortController();
  /** Called when the view needs to be redrawn; set by what shows it. */
  onChange: () => void = () => {};

  /** Aborted when the user leaves the view. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The window's title. */
  abstract get title(): string;

  /** Renders its current state. */
  abstract render(): TemplateResult;

  /** Called once, when it is first shown. */
  start(): void {}

  /** Called once, when the user leaves it. */
  stop(): void {
    this.#ending.abort();
  }

  /** Something has changed. */
  changed(): void {
    if (!this.signal.aborted) this.onChange();
  }

  /** Does something repeatedly, as long as the view is shown and the window is visible. */
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
        // A slow server is polled less often.
        await sleep(Math.max(intervalMs, 4 * (performance.now() - beganMs)), this.signal);
      }
    };
    void loop();
  }

  /** Does something once. */
  run(work: () => Promise<void>): void {
    // Also what it throws at once is reported.
    void (async () => await work())().catch((error) => {
      if (!this.signal.aborted) this.failed(error);
    });
  }

  /** Called with errors; overridden by views that have a place to show them. */
  protected failed(error: unknown): void {
    console.error(error);
  }
}
