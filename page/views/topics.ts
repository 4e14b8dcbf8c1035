import { html, nothing, type TemplateResult } from "lit-html";
import type { Page, StoreView, TopicLine } from "../../src/ui/contract.ts";
import { ask, withQuery } from "../api.ts";
import { counted, formatBytes, formatCount, formatRate, visible } from "../format.ts";
import { faultBox, moment, pager, waiting } from "../pieces.ts";
import { type ReadyCommand, readyCommands } from "../ready_commands.ts";
import { linkTo, type Route } from "../route.ts";
import { View } from "../view.ts";

const LIMIT = 50;
const INTERVAL_MS = 2000;

const COMMANDS: readonly ReadyCommand[] = [
  ["Make a topic", ["topic", "create", "my_topic", "--topic.num_partitions", "4"]],
  ["List them", ["topic", "list", "--verbose"]],
  ["Lag of every consumer", ["consumer", "lag", "--watch"]],
  ["Verify every topic", ["verify"]],
];

/** The list of topics. */
export class TopicsView extends View {
  #search: string;
  #offset = 0;
  #page: Page<TopicLine> | undefined;
  #fault: string | undefined;
  /** Grows with every question, so that late answers to earlier ones are recognized. */
  #question = 0;

  constructor(route: Route, private readonly store: StoreView) {
    super();
    this.#search = route.query.get("search") ?? "";
  }

  override get title(): string {
    return "Topics";
  }

  override start(): void {
    this.poll(INTERVAL_MS, () => this.#ask());
  }

  override render(): TemplateResult {
    const page = this.#page;
    return html`<div class="head"><h1>Topics</h1>
      <label class="search"><span class="unseen">Search topics by name</span>
        <input type="search" placeholder="Search by name" .value=${this.#search} @input=${this.#onSearch}></label></div>
      ${faultBox(this.#fault)}
      ${page === undefined ? waiting() : this.#table(page)}
      ${readyCommands("Make a topic, or look from a shell", COMMANDS, this.store.words, page?.total === 0)}`;
  }

  #table({ items, total, offset }: Page<TopicLine>): TemplateResult {
    if (total === 0) {
      return html`<p class="empty">${
        this.#search === ""
          ? "There is no topic yet."
          : html`No topic has “<bdi>${visible(this.#search)}</bdi>” in its name.`
      }</p>`;
    }
    return html`
      <table class="list topics">
        <caption class="unseen">Topics</caption>
        <thead>
          <tr>
            <th scope="col">Topic</th>
            <th scope="col" class="number">Partitions</th>
            <th scope="col" class="number">Events</th>
            <th scope="col" class="number">Size</th>
            <th scope="col" class="number">Rate</th>
            <th scope="col" class="number">Newest event</th>
          </tr>
        </thead>
        <tbody>${items.map(row)}</tbody>
      </table>
            ${pager({
              offset,
              shown: items.length,
              total,
              limit: LIMIT,
              what: "topics",
              go: (offset) => {
                this.#offset = offset;
                this.run(() => this.#ask());
              },
            })}
            <p class="muted" role="status">${counted(total, "topic")}${this.#search === ""
              ? nothing
              : " found"}</p>
    `;
  }

  readonly #onSearch = (event: Event): void => {
    this.#search = (event.target as HTMLInputElement).value;
    this.#offset = 0;
    this.run(() => this.#ask());
  };

  async #ask(): Promise<void> {
    const question = ++this.#question;
    const query = { search: this.#search, offset: this.#offset, limit: LIMIT };
    const page = await ask<Page<TopicLine>>(withQuery("/api/topics", query), this.signal);
    if (question !== this.#question) return;
    this.#page = page;
    this.#fault = undefined;
    this.changed();
  }

  protected override failed(error: unknown): void {
    this.#fault = error instanceof Error ? error.message : String(error);
    this.changed();
  }
}

function row({ name, numPartitions, totals, rate, fault }: TopicLine): TemplateResult {
  return html`<tr>
    <th scope="row"><a href=${linkTo(["topics", name])}><bdi>${visible(name)}</bdi></a></th>
    <td class="number" data-label="Partitions">${formatCount(numPartitions)}</td>
    ${
    totals === undefined ? html`<td colspan="4" class="muted">${fault}</td>` : html`
      <td class="number" data-label="Events">${formatCount(totals.events)}</td>
      <td class="number" data-label="Size">${formatBytes(totals.bytes)}</td>
      <td class="number" data-label="Rate">${rate === undefined ? "…" : formatRate(rate)}</td>
      <td class="number" data-label="Newest event">${moment(totals.newestTime)}</td>
    `
  }
  </tr>`;
}
