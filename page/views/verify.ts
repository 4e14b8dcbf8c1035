import { html, nothing, type TemplateResult } from "lit-html";
import type { FindingView, VerifyView } from "../../src/ui/contract.ts";
import { ask, topicPath } from "../api.ts";
import { topicWords } from "../command_line.ts";
import { counted, formatBytes, formatCount, formatSpan, visible } from "../format.ts";
import { moment } from "../pieces.ts";
import { linkTo } from "../route.ts";
import { readyCommands } from "../ready_commands.ts";
import { Tab } from "./tab.ts";

const INTERVAL_MS = 1000;

/** The meaning of the kinds of findings. */
const MEANINGS: Readonly<Record<FindingView["severity"], string>> = {
  damage: "stored bytes are lost",
  redundant: "wrong bytes that can be restored from others",
  torn: "left by a write that was cut short; harmless",
  foreign: "events of another program, which consumers of this topic do not get",
  unreadable: "not checked: the system, or a newer version's format, does not let it be read",
};

/** Checks every byte against its checksum, and shows what is wrong. */
export class VerifyTab extends Tab {
  #view: VerifyView | undefined;

  override start(): void {
    this.poll(INTERVAL_MS, () => this.#ask("GET"));
  }

  override render(): TemplateResult {
    const view = this.#view;
    if (view === undefined) return html`${this.fault()} ${this.waiting()}`;
    const isRunning = view.state === "running";
    return html`${this.fault()}
      <p>Reads every stored byte of the topic against its checksum, and changes nothing.
        Producers and consumers may run meanwhile.</p>
      <div class="toolbar">
        <button class="primary" ?disabled=${isRunning} @click=${() =>
      this.run(() => this.#ask("POST"))}>Verify now</button>
        ${
      isRunning ? html`<button @click=${() => this.run(() => this.#ask("DELETE"))}>Stop</button>` : nothing
    }</div>
      ${this.#progress(view)} ${this.#result(view)} ${this.#commands(view)}`;
  }

  #progress({ state, bytes, bytesTotal, events, startedTime }: VerifyView): TemplateResult | typeof nothing {
    if (state !== "running") return nothing;
    const seconds = (Date.now() - startedTime!) / 1000;
    return html`<p><label>Verifying
      <progress max=${Math.max(1, bytesTotal, bytes)} .value=${bytes}></progress></label>
      <span role="status">${formatBytes(bytes)}${
      bytesTotal === 0 ? nothing : ` of ${formatBytes(bytesTotal)}`
    }, ${counted(events, "event")}, ${formatSpan(seconds)}</span></p>`;
  }

  #result(
    { state, counts, findings, events, bytes, endedTime, fault }: VerifyView,
  ): TemplateResult | typeof nothing {
    if (state === "never") return html`<p class="empty">Not verified since the server started.</p>`;
    const kinds = Object.keys(MEANINGS) as FindingView["severity"][];
    const total = kinds.reduce((sum, kind) => sum + counts[kind], 0);
    const done = state === "running"
      ? nothing
      : html`<p role="status">${state === "done" ? "Verified" : state === "stopped" ? "Stopped" : "Failed"} ${
        moment(endedTime)
      }: ${counted(events, "event")}, ${formatBytes(bytes)}. ${
        fault === undefined ? nothing : html`<strong class="bad">${fault}</strong>`
      }</p>`;
    const summary = state === "done" && total === 0
      ? html`<p><span class="badge good">all is well</span> Every byte is what was written.</p>`
      : html`<ul class="counts">${
        // The last two are rare, and not about the content: shown only if there are some.
        kinds.filter((kind, index) => index < 3 || counts[kind] > 0).map((severity) =>
          html`<li>${badge(severity)} <strong>${counted(counts[severity], "place")}${
            eventsText(findings, severity, total)
          }</strong> <span class="muted">${MEANINGS[severity]}</span></li>`
        )}</ul>`;
    return html`${done}${summary}${
      findings.length === 0 ? nothing : html`
        <table class="list">
          <caption class="unseen">What was found</caption>
          <thead>
            <tr>
              <th scope="col">Kind</th>
              <th scope="col" class="number">Partition</th>
              <th scope="col">Events</th>
              <th scope="col">What is wrong</th>
              <th scope="col">Where</th>
            </tr>
          </thead>
          <tbody>${findings.map((finding) => this.#row(finding))}</tbody>
        </table>${total > findings.length
          ? html`<p class="muted">The first ${formatCount(findings.length)} of ${
            formatCount(total)
          } are shown.</p>`
          : nothing}
      `
    }`;
  }

  #commands({ counts: { damage, redundant } }: VerifyView): TemplateResult {
    const topic = topicWords(this.name);
    return readyCommands(
      "Verify in a shell, and repair",
      [
        ["Verify", ["verify", ...topic]],
        ["See what a repair would do", ["repair", ...topic, "--dry-run"]],
        ["Save all that is whole", ["repair", ...topic]],
      ],
      this.store.words,
      damage + redundant > 0,
    );
  }

  #row({ severity, partition, firstId, endId, reason, file, offset }: FindingView): TemplateResult {
    const ids = endId <= firstId
      ? html`<span class="muted">none</span>`
      : html`<a href=${linkTo(["topics", this.name, "events"], { partition, from: firstId })}>${
        formatCount(firstId)
      }${
        endId > firstId + 1
          ? html`
            to ${formatCount(endId - 1)}
          `
          : nothing
      }</a>`;
    return html`
      <tr>
        <td data-label="Kind">${badge(severity)}</td>
        <td class="number" data-label="Partition">${partition}</td>
        <td class="ids" data-label="Events">${ids}</td>
        <td data-label="What is wrong">${reason}</td>
        <td class="file" data-label="Where"><span><bdi>${visible(file)}</bdi> at byte ${formatCount(
          offset,
        )}</span></td>
      </tr>
    `;
  }

  async #ask(method: "GET" | "POST" | "DELETE"): Promise<void> {
    this.#view = await ask<VerifyView>(topicPath(this.name, "verify"), this.signal, method);
    this.succeeded();
  }
}

/** How many events the findings are about, as far as they are listed. */
function eventsText(
  findings: readonly FindingView[],
  severity: FindingView["severity"],
  total: number,
): string {
  const events = findings.filter((finding) => finding.severity === severity)
    .reduce((sum, { firstId, endId }) => sum + Math.max(0, endId - firstId), 0);
  if (events === 0) return "";
  return `, ${findings.length < total ? "at least " : ""}${counted(events, "event")}`;
}

function badge(severity: FindingView["severity"]): TemplateResult {
  const look = severity === "damage" ? "bad" : severity === "torn" ? "" : "warn";
  return html`<span class="badge ${look}">${severity}</span>`;
}
