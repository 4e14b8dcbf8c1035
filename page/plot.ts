import { html, noChange, nothing, type TemplateResult } from "lit-html";
import { AsyncDirective, directive, type ElementPart } from "lit-html/async-directive.js";
import uPlot from "uplot";
import { formatTime, visible } from "./format.ts";

/** Lines over time. */
export interface PlotData {
  /** In milliseconds, ascending. */
  times: number[];
  series: { name: string; values: (number | null)[] }[];
}

/** How a plot looks. */
export interface PlotOptions {
  name: string;
  /** Formats a value, on the axis and in the table. */
  format: (value: number) => string;
  /** Steps with a filled area, for counts per interval; otherwise lines. */
  stepped?: boolean;
  data: PlotData | undefined;
  /** The number of lines there would be, if only some are shown. */
  seriesTotal?: number;
  /** The time range shown, in milliseconds, even where there is no data. */
  range: { from: number; to: number };
  /** Shown instead of a plot. */
  missing?: string;
  /** Called when the table is opened or closed. */
  onToggle: () => void;
}

const HEIGHT = 180;
const SERIES_COLOURS = 6;

/** A plot with a summary for screen readers, and its numbers as a table. */
export function plotFigure(options: PlotOptions): TemplateResult {
  const { name, data, missing } = options;
  return html`<figure class="plot">
    <figcaption><h2>${name}</h2><span class="muted">${brief(options)}</span></figcaption>
    ${
    data === undefined || data.times.length < 2
      ? html`<p class="muted empty">${missing ?? "Loading …"}</p>`
      : html`<div class="canvas" role="img" aria-label=${`${name}: ${summary(options)}`} ${
        draw(options)
      }></div>${asTable(options, data)}`
  }
  </figure>`;
}

/** The most important part of the summary; a legend has the rest. */
function brief(options: PlotOptions): string {
  const { data, format, seriesTotal } = options;
  if (data === undefined || data.times.length < 2) return "";
  if (data.series.length === 1) return summary(options);
  const latest = data.series.map(({ name, values }) => ({ name, value: values.at(-1) ?? 0 }));
  const { name, value } = latest.reduce((one, other) => other.value > one.value ? other : one);
  const { length } = data.series;
  const rest = (seriesTotal ?? 0) > length ? `; ${length} of ${seriesTotal} are shown` : "";
  return `largest now: ${visible(name)}, ${format(value)}${rest}`;
}

/** What can be seen. */
function summary({ data, format, missing }: PlotOptions): string {
  if (data === undefined || data.times.length < 2) return missing ?? "";
  const parts = data.series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return "";
    const text = `now ${format(known.at(-1)!)}, peak ${format(Math.max(...known))}`;
    return data.series.length === 1 ? text : `${visible(name)}: ${text}`;
  });
  return parts.filter((part) => part !== "").join("; ");
}

function asTable({ name, format, onToggle }: PlotOptions, { times, series }: PlotData): TemplateResult {
  const row = (time: number, at: number): TemplateResult =>
    html`<tr><th scope="row">${formatTime(time)}</th>${
      series.map(({ values }) =>
        html`<td class="number">${values[at] === null ? nothing : format(values[at])}</td>`
      )
    }</tr>`;
  const toggled = (event: Event): void => {
    if ((event.currentTarget as HTMLDetailsElement).open) openTables.add(name);
    else openTables.delete(name);
    onToggle();
  };
  return html`<details class="numbers" @toggle=${toggled}>
    <summary>As a table</summary>
    ${
    // Created when it is opened: most never are.
    openTables.has(name)
      ? html`
        <div class="scroll" tabindex="0">
          <table>
            <thead>
              <tr><th scope="col">Time</th>${series.map(({ name }) =>
                html`<th scope="col" class="number"><bdi>${visible(name)}</bdi></th>`
              )}</tr>
            </thead>
            <tbody>${times.map(row).toReversed()}</tbody>
          </table>
        </div>
      `
      : nothing}
  </details>`;
}

/** Names of the plots whose tables are open. */
const openTables = new Set<string>();

/** The current value of a colour's custom property. */
function colourOf(property: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Keeps a uPlot in an element. */
class DrawDirective extends AsyncDirective {
  #plot: uPlot | undefined;
  #element: HTMLElement | undefined;
  #observer: ResizeObserver | undefined;
  #options: PlotOptions | undefined;
  #readout: HTMLElement | undefined;
  #shape = "";

  render(_options: PlotOptions): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [options]: [PlotOptions]): typeof noChange {
    this.#options = options;
    this.#element = part.element as HTMLElement;
    // The element has no size until it is in the page.
    queueMicrotask(() => this.#draw());
    return noChange;
  }

  override disconnected(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  override reconnected(): void {
    this.#draw();
  }

  #draw(): void {
    const [element, options] = [this.#element, this.#options];
    const data = options?.data;
    if (element === undefined || options === undefined || data === undefined || !this.isConnected) return;
    const aligned = [data.times.map((time) => time / 1000), ...data.series.map(({ values }) => values)];
    const theme = document.documentElement.dataset["theme"] ?? "";
    const shape = JSON.stringify([data.series.map(({ name }) => name), theme, colourOf("--text")]);
    if (this.#plot !== undefined && shape === this.#shape) {
      this.#plot.setData(aligned as uPlot.AlignedData);
      return;
    }
    this.#plot?.destroy();
    this.#shape = shape;
    this.#readout ??= readoutIn(element);
    this.#plot = new uPlot(
      settings(() => this.#options!, data, element.clientWidth, this.#readout),
      aligned as uPlot.AlignedData,
      element,
    );
    element.append(this.#readout);
    this.#observer ??= new ResizeObserver(() => {
      const width = this.#element?.clientWidth ?? 0;
      if (width > 0 && width !== this.#plot?.width) this.#plot?.setSize({ width, height: HEIGHT });
    });
    this.#observer.observe(element);
  }
}

const draw = directive(DrawDirective);

/** Where the time and the values under the pointer are shown. */
function readoutIn(element: HTMLElement): HTMLElement {
  const readout = element.ownerDocument.createElement("p");
  readout.className = "readout";
  return readout;
}

/** `2026-11-23 15:48:00: archiver 3.7K, histogram 12`; empty if the pointer is not in the plot. */
function valuesAt(plot: uPlot, format: PlotOptions["format"]): string {
  const at = plot.cursor.idx;
  if (at === null || at === undefined) return "";
  const values = plot.series.slice(1).flatMap(({ label }, index) => {
    const value = plot.data[index + 1][at];
    const name = plot.series.length > 2 ? `${label} ` : "";
    return value === null || value === undefined ? [] : [`${name}${format(value)}`];
  });
  return values.length === 0
    ? ""
    : `${formatTime(plot.data[0][at] * 1000).slice(0, 19)}: ${values.join(", ")}`;
}

/** No marks between whole numbers: there are no half events or bytes. */
const WHOLE_STEPS: number[] = Array.from(
  { length: 15 },
  (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power),
)
  .flat();

function settings(
  options: () => PlotOptions,
  data: PlotData,
  width: number,
  readout: HTMLElement,
): uPlot.Options {
  const { format, stepped } = options();
  const [text, grid] = [colourOf("--muted"), colourOf("--line")];
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
  const font = "12px system-ui, sans-serif";
  return {
    width,
    height: HEIGHT,
    legend: { show: data.series.length > 1, live: true },
    // A label at the end of the axis needs space next to it.
    padding: [null, 36, null, null],
    hooks: { setCursor: [(plot) => readout.textContent = valuesAt(plot, format)] },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: {
        range: () => {
          const { from, to } = options().range;
          return [from / 1000, to / 1000];
        },
      },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] },
    },
    axes: [
      { ...axis, font, space: 80, values: (_plot, times, _axis, _space, step) => timeLabels(times, step) },
      {
        ...axis,
        font,
        incrs: WHOLE_STEPS,
        size: (_plot, values) => 22 + 7 * Math.max(3, ...(values ?? []).map((value) => value.length)),
        values: (_plot, values) => values.map(format),
      },
    ],
    series: [
      { value: (_plot, time) => time === null ? "" : formatTime(time * 1000) },
      ...data.series.map((series, at) => {
        const colour = colourOf(`--series-${at % SERIES_COLOURS + 1}`);
        return {
          label: visible(series.name),
          stroke: colour,
          width: 2,
          ...(stepped
            ? {
              paths: uPlot.paths.stepped!({ align: 1 }),
              fill: colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.16)"),
            }
            : {}),
          points: { show: false },
          value: (_plot: uPlot, value: number | null) => value === null ? "" : format(value),
        };
      }),
    ],
  };
}

/** As much of each time as the step between marks requires; a new day is named. */
function timeLabels(times: readonly number[], stepSeconds: number): string[] {
  let dayBefore = "";
  return times.map((time) => {
    const text = formatTime(time * 1000);
    const [day, clock] = [text.slice(5, 10), text.slice(11, stepSeconds < 60 ? 19 : 16)];
    const isNewDay = day !== dayBefore;
    dayBefore = day;
    if (stepSeconds >= 86_400) return day;
    return isNewDay ? `${clock}\n${day}` : clock;
  });
}
