import { BadRequestError, messageOf, NoSuchThingError } from "./answer.ts";
import type { HealthFinding, HealthView } from "./contract.ts";

/** Whether the place of the store is fit for it, as it was found last. */
export class Health {
  #view: HealthView = { state: "never", findings: [] };
  #ended: Promise<void> = Promise.resolve();

  constructor(private readonly check: (() => Promise<HealthFinding[]>) | undefined) {}

  /** Answers a request: POST begins a check. */
  answer(method: string): HealthView {
    const { check } = this;
    if (check === undefined) throw new NoSuchThingError("There is nothing to check of this store");
    if (method === "DELETE") throw new BadRequestError("A check cannot be stopped");
    if (method === "POST" && this.#view.state !== "running") {
      this.#view = { ...this.#view, state: "running" };
      this.#ended = this.#run(check);
    }
    return this.#view;
  }

  /** Until no check runs. */
  async end(): Promise<void> {
    await this.#ended;
  }

  async #run(check: () => Promise<HealthFinding[]>): Promise<void> {
    try {
      this.#view = { state: "done", findings: await check(), endedTime: Date.now() };
    } catch (error) {
      this.#view = { state: "failed", findings: [], endedTime: Date.now(), fault: messageOf(error) };
    }
  }
}
