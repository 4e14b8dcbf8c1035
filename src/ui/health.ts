import { BadRequestError, NotFoundError } from "./http_response.ts";
import type { HealthFinding, HealthView } from "./contract.ts";
import { messageOf } from "../text/message.ts";

/** The latest result of the store's health check. */
export class Health {
  #view: HealthView = { state: "never", findings: [] };
  #ended: Promise<void> = Promise.resolve();

  constructor(private readonly check: (() => Promise<HealthFinding[]>) | undefined) {}

  /** Responds to a request: POST starts a check. */
  answer(method: string): HealthView {
    const { check } = this;
    if (check === undefined) throw new NotFoundError("This store has nothing to check");
    if (method === "DELETE") throw new BadRequestError("A check cannot be stopped");
    if (method === "POST" && this.#view.state !== "running") {
      this.#view = { ...this.#view, state: "running" };
      this.#ended = this.#run(check);
    }
    return this.#view;
  }

  /** Resolves when no check is running. */
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
