import { html, nothing, type TemplateResult } from "lit-html";
import type { HealthFinding, HealthView as Health, StoreView } from "../../src/ui/contract.ts";
import { messageOf } from "../../src/text/message.ts";
import { ask } from "../api.ts";
import { visible } from "../format.ts";
import { faultBox, moment, waiting } from "../pieces.ts";
import { readyCommands } from "../ready_commands.ts";
import { View } from "../view.ts";

const INTERVAL_MS = 1000;

const LOOKS: Readonly<Record<HealthFinding["verdict"], string>> = {
  ok: "good",
  warn: "warn",
  fail: "bad",
  unknown: "",
};

/** Whether the file system suits the store, as `diaspora-ctl doctor` finds. */
export class HealthView extends View {
  #health: Health | undefined;
  #fault: string | undefined;

  constructor(private readonly store: StoreView) {
    super();
  }

  override get title(): string {
    return "Health";
  }

  override start(): void {
    this.poll(INTERVAL_MS, () => this.#ask("GET"));
  }

  override render(): TemplateResult {
    const health = this.#health;
    return html`
      <div class="head">
        <h1>Health</h1>
      </div>${faultBox(this.#fault)}
            <p>Checks whether the store's folder is suitable: free space, concurrent appends, locks and syncs, and
              whether the engine answers. A temporary folder next to the topics is written, and removed.</p>
            ${health === undefined ? waiting() : this.#result(health)}
            ${readyCommands("Check in a shell", [["Run the same checks", ["doctor"]]], this.store.words)}
    `;
  }

  #result({ state, findings, endedTime, fault }: Health): TemplateResult {
    const isRunning = state === "running";
    return html`<div class="toolbar"><button class="primary" ?disabled=${isRunning} @click=${() =>
      this.run(() => this.#ask("POST"))}>Check now</button></div>
      <p role="status">${
      isRunning ? "Checking …" : endedTime === undefined ? "Not checked since the server started." : html`
        Checked ${moment(endedTime)}
      `
    }</p>${faultBox(fault)}
      ${
      findings.length === 0 ? nothing : html`
        <table class="list">
          <caption class="unseen">What was found</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Verdict</th>
              <th scope="col">Found</th>
            </tr>
          </thead>
          <tbody>${findings.map(row)}</tbody>
        </table>
      `
    }`;
  }

  async #ask(method: "GET" | "POST"): Promise<void> {
    this.#health = await ask<Health>("/api/health", this.signal, method);
    this.#fault = undefined;
    this.changed();
  }

  protected override failed(error: unknown): void {
    this.#fault = messageOf(error);
    this.changed();
  }
}

function row({ check, verdict, detail }: HealthFinding): TemplateResult {
  return html`
    <tr>
      <th scope="row">${check}</th>
      <td data-label="Verdict"><span class="badge ${LOOKS[verdict]}">${verdict}</span></td>
      <td class="meaning"><bdi>${visible(detail)}</bdi></td>
    </tr>
  `;
}
