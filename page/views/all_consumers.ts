import { html, type TemplateResult } from "lit-html";
import type { ConsumerLine, SortedPage, StoreView } from "../../src/ui/contract.ts";
import { formatBytes, formatCount, formatSpan, visible } from "../format.ts";
import { faultBox, unknownLag, waiting } from "../pieces.ts";
import { readyCommands } from "../ready_commands.ts";
import { linkTo, type Route } from "../route.ts";
import type { SortColumn } from "../sorting.ts";
import { ListView } from "./list.ts";

const LIMIT = 100;

const COLUMNS: readonly SortColumn[] = [
  { key: "consumer", label: "Consumer" },
  { key: "topic", label: "Topic" },
  { key: "events", label: "Lag, events", isNumber: true },
  { key: "bytes", label: "Lag, bytes", isNumber: true },
  { key: "seconds", label: "Oldest has waited", isNumber: true },
];

/** Consumers of all topics, the one with the largest lag first. */
export class AllConsumersView extends ListView<ConsumerLine> {
  constructor(route: Route, private readonly store: StoreView) {
    super(route, { path: ["consumers"], api: "/api/consumers", sort: "-events", limit: LIMIT });
  }

  override get title(): string {
    return "Consumers";
  }

  override render(): TemplateResult {
    const { page } = this;
    return html`${this.head("Consumers", "Search consumers by their or their topic's name", COLUMNS)}
      ${faultBox(this.fault)} ${page === undefined ? waiting() : this.#table(page)}
      ${
      readyCommands(
        "Watch in a shell",
        [["Lag of every consumer", ["consumer", "lag", "--watch"]]],
        this.store.words,
      )
    }`;
  }

  #table(page: SortedPage<ConsumerLine>): TemplateResult {
    const { items, total, unseen } = page;
    if (total === 0) {
      return html`<p class="empty">${
        unseen > 0 ? "Looking …" : this.search === "" ? "No consumer has acknowledged anything yet." : html`
          No consumer or topic has “<bdi>${visible(this.search)}</bdi>” in its name.
        `
      }</p>`;
    }
    return html`
      <table class="list">
        <caption class="unseen">Consumers of all topics</caption>
        <thead>
          <tr>${this.heads(COLUMNS)}</tr>
        </thead>
        <tbody>${items.map(row)}</tbody>
      </table>
      ${this.foot(page, "consumer")}
    `;
  }
}

function row({ topic, name, events, bytes, seconds, fault }: ConsumerLine): TemplateResult {
  return html`
    <tr>
      <th scope="row"><a href=${linkTo(["topics", topic, "consumers"])}><bdi>${visible(
        name,
      )}</bdi></a>${unknownLag(fault)}</th>
      <td data-label="Topic"><a href=${linkTo(["topics", topic])}><bdi>${visible(topic)}</bdi></a></td>
      <td class="number" data-label="Lag, events">${formatCount(events)}</td>
      <td class="number" data-label="Lag, bytes">${formatBytes(bytes)}</td>
      <td class="number" data-label="Oldest has waited">${events === 0 ? "" : formatSpan(seconds)}</td>
    </tr>
  `;
}
