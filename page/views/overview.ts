import { html, nothing, type TemplateResult } from "lit-html";
import type { PartitionDescription } from "../../src/contract.ts";
import type { Page, Rates, Sample, StoreView, TopicTotals, TopicView } from "../../src/ui/contract.ts";
import { ask, topicPath, withQuery } from "../api.ts";
import { topicWords } from "../command_line.ts";
import { counted, formatBytes, formatCompact, formatCount, formatRate } from "../format.ts";
import { mostLagging } from "../lag_lines.ts";
import { type Content, moment, pager, tile, waiting } from "../pieces.ts";
import { type PlotData, plotFigure } from "../plot.ts";
import { readyCommands } from "../ready_commands.ts";
import { linkTo } from "../route.ts";
import { partitionTable } from "./partition_table.ts";
import { Tab } from "./tab.ts";

const SAMPLES_INTERVAL_MS = 2000;
const RATES_INTERVAL_MS = 10_000;
const SAMPLES_MAX = 900;
const PARTITIONS_LIMIT = 100;
/** Lines in one plot. */
const CONSUMERS_MAX = 6;

/** Time ranges to look back over. */
const SPANS: readonly [key: string, label: string, ms: number][] = [
  ["15m", "15 minutes", 15 * 60_000],
  ["1h", "1 hour", 3_600_000],
  ["1d", "1 day", 86_400_000],
  ["7d", "7 days", 7 * 86_400_000],
  ["all", "All", 0],
];

/** Counts, plots and partitions. */
export class OverviewTab extends Tab {
  #samples: Sample[] = [];
  #rates: Rates | undefined;
  #span: string;
  #offset = 0;
  #page: Page<PartitionDescription> | undefined;
  /** Events/s of each partition shown, since the previous look. */
  #partitionRates = new Map<number, number>();
  #takenMs = 0;

  constructor(name: string, store: StoreView, query: URLSearchParams) {
    super(name, store);
    const span = query.get("span");
    this.#span = SPANS.some(([key]) => key === span) ? span! : SPANS[0][0];
  }

  override start(): void {
    this.poll(SAMPLES_INTERVAL_MS, () => this.#askSamples());
    this.poll(RATES_INTERVAL_MS, () => this.#askRates());
  }

  override setTopic(...given: Parameters<Tab["setTopic"]>): void {
    super.setTopic(...given);
    if (this.#offset === 0) this.#take(given[0].partitions, given[2]);
  }

  override render(): TemplateResult {
    const { topic } = this;
    if (topic === undefined) return waiting();
    const { totals } = topic;
    return html`
      ${this.fault()}
            <dl class="tiles">
              ${tile("Events", formatCount(totals.events))}
              ${tile("Rate", this.#rateNow())}
              ${tile("Size", formatBytes(totals.bytes), counted(totals.segments, "segment"))}
              ${tile(
                "Partitions",
                formatCount(topic.partitions.total),
                skewText(totals, topic.partitions.total),
              )}
              ${tile("Oldest event", moment(totals.oldestTime))}
              ${tile("Newest event", moment(totals.newestTime))}
            </dl>
            <section aria-label="Over time">
        ${this.#spanChoice()}
        <div class="plots">
                ${this.#ratesPlot()}
                ${plotFigure({
                  name: "Bytes/s",
                  format: (value) => `${formatBytes(Math.round(value))}/s`,
                  data: this.#perSecond(({ bytes }) => bytes),
                  range: this.#range(),
                  missing: "Waiting for samples: one every 2\u00a0s",
                  onToggle: () => this.changed(),
                })}
                ${this.#lagPlot()}
              </div>
      </section>
            ${this.#partitions(this.#page ?? topic.partitions, totals.eventsMost)} ${this.#commands()}
    `;
  }

  #commands(): TemplateResult {
    const topic = topicWords(this.name);
    return readyCommands("Add events, trim or delete the topic", [
      ["Add events, a line each", ["produce", ...topic]],
      ["See what would be removed to keep one week", [
        "topic",
        "trim",
        ...topic,
        "--before-time",
        "7d",
        "--dry-run",
      ]],
      ["Remove what every consumer has acknowledged", ["topic", "trim", ...topic, "--acknowledged"]],
      ["Delete it with all its events", ["topic", "delete", ...topic]],
    ], this.store.words);
  }

  #spanChoice(): TemplateResult {
    return html`<label class="span">Span of time <select @change=${this.#onSpan}>${
      SPANS.map(([key, label]) =>
        html`<option value=${key} ?selected=${key === this.#span}>${label}</option>`
      )
    }</select></label>`;
  }

  #rateNow(): string {
    const samples = this.#samples.slice(-4);
    if (samples.length < 2) return "…";
    const [first, last] = [samples[0], samples.at(-1)!];
    // A topic created again begins at 0.
    return formatRate(Math.max(0, last.events - first.events) / ((last.time - first.time) / 1000));
  }

  #ratesPlot(): TemplateResult {
    const rates = this.#rates;
    const isKnown = rates !== undefined && rates.unavailable !== true && rates.times.length > 1;
    const seconds = isKnown ? (rates.times[1] - rates.times[0]) / 1000 : 1;
    // The last interval is drawn to its end.
    const values = isKnown ? rates.events.map((events) => events / seconds) : [];
    const data: PlotData | undefined = isKnown
      ? { times: rates.times, series: [{ name: "Events/s", values: [...values, values.at(-1)!] }] }
      : undefined;
    return plotFigure({
      name: "Events/s",
      format: (value) => value < 10 && value % 1 !== 0 ? value.toFixed(1) : formatCompact(value),
      stepped: true,
      data,
      range: this.#range(),
      ...(rates?.unavailable
        ? { missing: "Unknown: there are too many partitions, or none that can be asked" }
        : {}),
      onToggle: () => this.changed(),
    });
  }

  /** The time range that all plots show. */
  #range(): { from: number; to: number } {
    const to = Date.now();
    const ms = SPANS.find(([key]) => key === this.#span)?.[2] ?? 0;
    const oldest = this.topic?.totals.oldestTime ?? to;
    return { from: ms === 0 ? Math.min(oldest, to - 60_000) : to - ms, to };
  }

  #lagPlot(): TemplateResult {
    const { names, total } = mostLagging(this.#samples, CONSUMERS_MAX);
    const times = this.#samples.map(({ time }) => time);
    const series = names.map((name) => ({
      name,
      values: this.#samples.map(({ lag }) => lag[name] ?? null),
    }));
    return plotFigure({
      name: "Consumer lag",
      format: formatCompact,
      data: names.length === 0 ? undefined : { times, series },
      range: this.#range(),
      seriesTotal: total,
      missing: names.length === 0
        ? "No consumer has acknowledged anything"
        : "Waiting for samples: one every 2\u00a0s",
      onToggle: () => this.changed(),
    });
  }

  #perSecond(of: (sample: Sample) => number): PlotData {
    const samples = this.#samples;
    const times = samples.slice(1).map(({ time }) => time);
    const values = samples.slice(1).map((sample, at) => {
      const before = samples[at];
      return Math.max(0, (of(sample) - of(before)) / ((sample.time - before.time) / 1000));
    });
    return { times, series: [{ name: "Bytes/s", values }] };
  }

  #partitions(page: Page<PartitionDescription>, eventsMost: number): TemplateResult {
    return html`<section aria-labelledby="partitions"><h2 id="partitions">Partitions</h2>
      ${
      partitionTable(page.items, {
        topic: this.name,
        eventsMost,
        rates: this.#partitionRates,
        findings: this.verify?.findings ?? [],
      })
    }
      ${
      pager({
        offset: page.offset,
        shown: page.items.length,
        total: page.total,
        limit: PARTITIONS_LIMIT,
        what: "partitions",
        go: (offset) => this.run(() => this.#askPartitions(offset)),
      })
    }</section>`;
  }

  readonly #onSpan = (event: Event): void => {
    this.#span = (event.target as HTMLSelectElement).value;
    const span = this.#span === SPANS[0][0] ? undefined : this.#span;
    history.replaceState(null, "", linkTo(["topics", this.name], { span }));
    this.#rates = undefined;
    this.changed();
    this.run(() => this.#askRates());
  };

  /** Partitions at a time, by the clock of `performance.now()`. */
  #take(page: Page<PartitionDescription>, nowMs: number): void {
    if (nowMs <= this.#takenMs) return;
    const before = new Map(this.#page?.items.map(({ partition, nextId }) => [partition, nextId]));
    const seconds = (nowMs - this.#takenMs) / 1000;
    const rates = page.items.flatMap(({ partition, nextId }): [number, number][] => {
      const was = before.get(partition);
      return was === undefined || nextId < was ? [] : [[partition, (nextId - was) / seconds]];
    });
    this.#partitionRates = new Map(rates);
    this.#page = page;
    this.#takenMs = nowMs;
  }

  async #askPartitions(offset: number): Promise<void> {
    const path = withQuery(topicPath(this.name), { offset, limit: PARTITIONS_LIMIT });
    this.#offset = offset;
    this.#take((await ask<TopicView>(path, this.signal)).partitions, performance.now());
    this.succeeded();
  }

  async #askSamples(): Promise<void> {
    const since = this.#samples.at(-1)?.time ?? 0;
    const newer = await ask<Sample[]>(withQuery(topicPath(this.name, "samples"), { since }), this.signal);
    this.#samples = [...this.#samples, ...newer].slice(-SAMPLES_MAX);
    this.succeeded();
  }

  async #askRates(): Promise<void> {
    const span = this.#span;
    // How far back the data goes must be known.
    if (span === "all" && this.topic?.totals.oldestTime === undefined) return;
    const { from, to } = this.#range();
    const path = withQuery(topicPath(this.name, "rates"), { from: Math.floor(from), to });
    const rates = await ask<Rates>(path, this.signal);
    if (span === this.#span) this.#rates = rates;
    this.succeeded();
  }
}

/** How much larger than its share the largest partition is. */
function skewText({ events, eventsMost }: TopicTotals, partitions: number): Content {
  if (partitions < 2 || events === 0) return nothing;
  return `largest ${(eventsMost * partitions / events).toFixed(1)} × the mean`;
}
