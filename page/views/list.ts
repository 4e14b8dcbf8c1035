import { html, nothing, type TemplateResult } from "lit-html";
import type { SortedPage } from "../../src/ui/contract.ts";
import { messageOf } from "../../src/text/message.ts";
import { ask, withQuery } from "../api.ts";
import { counted } from "../format.ts";
import { pager } from "../pieces.ts";
import { linkTo, type Route } from "../route.ts";
import { sortChoice, type SortColumn, sortHeads } from "../sorting.ts";
import { View } from "../view.ts";

const INTERVAL_MS = 2000;

/** A list of the whole store that can be searched and sorted; search, order and page are in the address. */
export abstract class ListView<Line> extends View {
  /** The text searched for. */
  protected search: string;
  #sort: string;
  #offset: number;
  /** The server's last answer. */
  protected page: SortedPage<Line> | undefined;
  /** The last error, if any. */
  protected fault: string | undefined;
  /** Increases with every request, so that late answers to earlier ones are recognized. */
  #question = 0;

  constructor(
    { query }: Route,
    private readonly of: { path: readonly string[]; api: string; sort: string; limit: number },
  ) {
    super();
    this.search = query.get("search") ?? "";
    this.#sort = query.get("sort") ?? of.sort;
    this.#offset = Math.max(0, Math.floor(Number(query.get("offset") ?? 0))) || 0;
  }

  override start(): void {
    this.poll(INTERVAL_MS, () => this.#ask());
  }

  /** The heading, with a search field. */
  protected head(title: string, searchLabel: string, columns: readonly SortColumn[]): TemplateResult {
    const onInput = (event: Event): void =>
      this.goTo({ search: (event.target as HTMLInputElement).value, offset: 0 });
    return html`<div class="head"><h1>${title}</h1>
      ${sortChoice(columns, this.#sort, (sort) => this.goTo({ sort, offset: 0 }))}
      <label class="search"><span class="unseen">${searchLabel}</span>
        <input type="search" placeholder="Search by name" .value=${this.search} @input=${onInput}></label></div>`;
  }

  /** Column headers that sort by them. */
  protected heads(columns: readonly SortColumn[]): TemplateResult[] {
    return sortHeads(columns, this.#sort, (sort) => this.goTo({ sort, offset: 0 }));
  }

  /** Shows another part of the list. */
  protected goTo({ search = this.search, sort = this.#sort, offset = this.#offset }: {
    search?: string;
    sort?: string;
    offset?: number;
  }): void {
    [this.search, this.#sort, this.#offset] = [search, sort, offset];
    const query = { search, sort: sort === this.of.sort ? "" : sort, offset: offset === 0 ? "" : offset };
    history.replaceState(null, "", linkTo(this.of.path, query));
    this.changed();
    this.run(() => this.#ask());
  }

  /** The current page of the list, its length, and whether its order is final. */
  protected foot({ items, total, offset, unseen }: SortedPage<Line>, what: string): TemplateResult {
    return html`${
      pager({
        offset,
        shown: items.length,
        total,
        limit: this.of.limit,
        what: `${what}s`,
        go: (offset) => this.goTo({ offset }),
      })
    }
      <p class="muted" role="status">${counted(total, what)}${this.search === "" ? nothing : " found"}${
      unseen === 0 ? nothing : `; ${counted(unseen, "topic")} not looked at yet`
    }</p>`;
  }

  async #ask(): Promise<void> {
    const question = ++this.#question;
    const query = { search: this.search, sort: this.#sort, offset: this.#offset, limit: this.of.limit };
    const page = await ask<SortedPage<Line>>(withQuery(this.of.api, query), this.signal);
    if (question !== this.#question) return;
    this.page = page;
    this.fault = undefined;
    this.changed();
  }

  protected override failed(error: unknown): void {
    this.fault = messageOf(error);
    this.changed();
  }
}
