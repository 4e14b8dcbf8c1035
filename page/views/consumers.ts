import { html, nothing, type TemplateResult } from "lit-html";
import { memberText } from "../../src/text/member.ts";
import type { ConsumerView, Page } from "../../src/ui/contract.ts";
import { ask, topicPath, withQuery } from "../api.ts";
import { optionWords, topicWords } from "../command_line.ts";
import { counted, formatBytes, formatCount, formatSpan, visible } from "../format.ts";
import { pager, unknownLag } from "../pieces.ts";
import { type ReadyCommand, readyCommands } from "../ready_commands.ts";
import { Tab } from "./tab.ts";

const LIMIT = 20;
const INTERVAL_MS = 3000;

/** The position of every consumer. */
export class ConsumersTab extends Tab {
  #offset = 0;
  #page: Page<ConsumerView> | undefined;

  override start(): void {
    this.poll(INTERVAL_MS, () => this.#ask());
  }

  override render(): TemplateResult {
    const page = this.#page;
    if (page === undefined) return html`${this.fault()} ${this.waiting()}`;
    if (page.total === 0) {
      return html`${this.fault()}<p class="empty">No consumer has acknowledged anything yet.</p>`;
    }
    return html`${this.fault()}
      ${page.items.map((view) => this.#consumer(view))}
      ${
      pager({
        offset: page.offset,
        shown: page.items.length,
        total: page.total,
        limit: LIMIT,
        what: "consumers",
        go: (offset) => {
          this.#offset = offset;
          this.run(() => this.#ask());
        },
      })
    }`;
  }

  async #ask(): Promise<void> {
    const query = { offset: this.#offset, limit: LIMIT };
    this.#page = await ask<Page<ConsumerView>>(
      withQuery(topicPath(this.name, "consumers"), query),
      this.signal,
    );
    this.succeeded();
  }

  #consumer(view: ConsumerView): TemplateResult {
    const { name, events, bytes, seconds, partitions, members = [], isUnseen, fault } = view;
    const owners = new Map(
      members.flatMap((member) => member.partitions.map((partition) => [partition, memberText(member)])),
    );
    const state = isUnseen
      ? html`<span class="muted">…</span>`
      : events === 0
      ? fault === undefined ? html`<span class="badge good">up to date</span>` : nothing
      : html`
        <span class="badge">lag ${counted(events, "event")}</span>
        <span class="muted">about ${formatBytes(bytes)}; the oldest has waited for ${formatSpan(
          seconds,
        )}</span>
      `;
    return html`
      <details class="card">
        <summary><h2><bdi>${visible(name)}</bdi></h2> ${state}${unknownLag(fault)} ${members.length === 0
          ? nothing
          : html`<span class="badge">${counted(members.length, "member")}</span>`}</summary>
        <table class="list">
          <thead>
            <tr>
              <th scope="col" class="number">Partition</th>
              <th scope="col" class="number">Next event</th>
              <th scope="col" class="number">Lag, events</th>
              <th scope="col" class="number">Lag, bytes</th>
              <th scope="col" class="number">Oldest has waited</th>
              ${members.length === 0 ? nothing : html`<th scope="col">Owner</th>`}
            </tr>
          </thead>
          <tbody>${partitions.map(({ partition, position, acknowledged, events, bytes, seconds, fault }) =>
            html`
              <tr>
                <th scope="row" class="number" data-label="Partition">${partition}</th>
                <td class="number" data-label="Next event">${acknowledged
                  ? formatCount(position)
                  : html`<span class="muted">nothing acknowledged</span>`}</td>
                <td class="number" data-label="Lag, events">${fault === undefined
                  ? formatCount(events)
                  : unknownLag(fault)}</td>
                <td class="number" data-label="Lag, bytes">${fault === undefined
                  ? formatBytes(bytes)
                  : ""}</td>
                <td class="number" data-label="Oldest has waited">${events === 0
                  ? ""
                  : formatSpan(seconds)}</td>
                ${members.length === 0 ? nothing : html`<td data-label="Owner">${
                  visible(
                    owners.get(partition) ?? "",
                  )
                }</td>`}
              </tr>
            `
          )}</tbody>
        </table>
        ${readyCommands("Read, move or remove it", this.#commands(name), this.store.words)}
      </details>
    `;
  }

  #commands(consumer: string): ReadyCommand[] {
    const where = [...topicWords(this.name), ...optionWords("--name", consumer)];
    return [
      ["Continue reading, and acknowledge", ["consume", ...where, "--ack", "--follow"]],
      ["Start over", ["consumer", "seek", ...where, "--to", "earliest"]],
      ["Skip to the end", ["consumer", "seek", ...where, "--to", "latest"]],
      ["Go back by an hour", ["consumer", "seek", ...where, "--to", "@1h"]],
      ["Forget it", ["consumer", "delete", ...where]],
    ];
  }
}
