import { html, nothing, type TemplateResult } from "lit-html";
import type { Rates, SortedPage, StoreView, TopicLine } from "../../src/ui/contract.ts";
import { ask, topicPath, withQuery } from "../api.ts";
import { formatBytes, formatCount, formatRate, visible } from "../format.ts";
import { type Content, faultBox, moment, waiting } from "../pieces.ts";
import { type ReadyCommand, readyCommands } from "../ready_commands.ts";
import { linkTo, type Route } from "../route.ts";
import type { SortColumn } from "../sorting.ts";
import { sparkline } from "../sparkline.ts";
import { ListView } from "./list.ts";

const LIMIT = 50;
/**
 * The time range and the number of intervals of the sparklines; they are requested one topic after the other.
 */
const SPARK = { ms: 3_600_000, text: "hour", spans: 30, ageMsMax: 15_000 };

const COLUMNS: readonly SortColumn[] = [
  { key: "name", label: "Topic" },
  { key: "partitions", label: "Partitions", isNumber: true },
  { key: "events", label: "Events", isNumber: true },
  { key: "bytes", label: "Size", isNumber: true },
  { key: "rate", label: "Rate", isNumber: true },
  { key: "lag", label: "Most lag", isNumber: true },
  { key: "newest", label: "Newest event", isNumber: true },
];

const COMMANDS: readonly ReadyCommand[] = [
  ["Create a topic", ["topic", "create", "my_topic", "--topic.num_partitions", "4"]],
  ["List them", ["topic", "list", "--verbose"]],
  ["Verify every topic", ["verify"]],
];

/** The list of topics. */
export class TopicsView extends ListView<TopicLine> {
  /** Events/s of the last hour by topic, and when they were requested. */
  readonly #sparks = new Map<string, { rates?: number[]; askedMs: number }>();

  constructor(route: Route, private readonly store: StoreView) {
    super(route, { path: [], api: "/api/topics", sort: "name", limit: LIMIT });
  }

  override get title(): string {
    return "Topics";
  }

  override start(): void {
    super.start();
    this.poll(500, () => this.#askSparks());
  }

  override render(): TemplateResult {
    const { page } = this;
    return html`${this.head("Topics", "Search topics by name", COLUMNS)} ${faultBox(this.fault)}
      ${page === undefined ? waiting() : this.#table(page)}
      ${
      readyCommands(
        "Create a topic, or list topics in a shell",
        COMMANDS,
        this.store.words,
        page?.total === 0,
      )
    }`;
  }

  #table(page: SortedPage<TopicLine>): TemplateResult {
    const { items, total } = page;
    if (total === 0) {
      return html`<p class="empty">${
        this.search === ""
          ? "No topics yet."
          : html`No topic has “<bdi>${visible(this.search)}</bdi>” in its name.`
      }</p>`;
    }
    return html`
      <table class="list topics">
        <caption class="unseen">Topics</caption>
        <thead>
          <tr>${this.heads(COLUMNS)}<th scope="col">Last ${SPARK.text}</th></tr>
        </thead>
        <tbody>${items.map((line) => this.#row(line))}</tbody>
      </table>
      ${this.foot(page, "topic")}
    `;
  }

  #row(line: TopicLine): TemplateResult {
    const { name, numPartitions, totals, rate, damage, fault } = line;
    return html`<tr>
      <th scope="row"><a href=${linkTo(["topics", name])}><bdi>${visible(name)}</bdi></a>${
      damage === undefined ? nothing : html`
        <a class="badge bad" href=${linkTo(["topics", name, "verify"])}>damaged</a>
      `
    }</th>
      <td class="number" data-label="Partitions">${formatCount(numPartitions)}</td>
      ${
      totals === undefined ? html`<td colspan="6" class="muted">${fault}</td>` : html`
        <td class="number" data-label="Events">${formatCount(totals.events)}</td>
        <td class="number" data-label="Size">${formatBytes(totals.bytes)}</td>
        <td class="number" data-label="Rate">${rate === undefined ? "…" : formatRate(rate)}</td>
        <td class="number" data-label="Most lag">${lagOf(line)}</td>
        <td class="number" data-label="Newest event">${moment(totals.newestTime)}</td>
        <td class="spark" data-label="Last ${SPARK.text}">${this.#spark(name)}</td>
      `
    }
    </tr>`;
  }

  #spark(name: string): Content {
    const { rates } = this.#sparks.get(name) ?? {};
    return rates === undefined ? nothing : sparkline(rates, SPARK.text);
  }

  async #askSparks(): Promise<void> {
    for (const { name, totals } of this.page?.items ?? []) {
      const askedMs = performance.now();
      const { rates: known, askedMs: beforeMs = -Infinity } = this.#sparks.get(name) ?? {};
      if (askedMs - beforeMs < SPARK.ageMsMax) continue;
      this.#sparks.set(name, { ...(known === undefined ? {} : { rates: known }), askedMs });
      const to = Date.now();
      // If there are no recent events, there is nothing to look up.
      if ((totals?.newestTime ?? 0) < to - SPARK.ms) continue;
      const query = { from: to - SPARK.ms, to, spans: SPARK.spans };
      const { events, unavailable } = await ask<Rates>(
        withQuery(topicPath(name, "rates"), query),
        this.signal,
      );
      if (unavailable) continue;
      const rates = events.map((count) => count / (SPARK.ms / 1000 / events.length));
      this.#sparks.set(name, { rates, askedMs });
      this.changed();
    }
  }
}

function lagOf({ name: topic, lag, isLagUnseen }: TopicLine): Content {
  if (lag === undefined) return html`<span class="muted">${isLagUnseen ? "…" : "no consumer"}</span>`;
  const { consumer, events } = lag;
  return html`<a href=${linkTo(["topics", topic, "consumers"])} title=${visible(consumer)}>${
    formatCount(events)
  }</a>`;
}
