/**
 * Plots of the tables in the documentation. A comment before a table requests them:
 *
 * ```text
 * <!-- plots [{ "kind": "bars", "title": "Processor time an event", "column": 2 }] -->
 * ```
 *
 * @module
 */
import { barChart } from "../../src/ctl/bench/chart/bar_chart.ts";
import { formatBytes, formatCount } from "../../src/ctl/bench/chart/format.ts";
import { lineChart } from "../../src/ctl/bench/chart/line_chart.ts";

/** What a comment requests. */
interface Wanted {
  kind: "bars" | "lines";
  title: string;
  note?: string;
  /** For bars: the table's column with the values, counted from 0. */
  column?: number;
  /** For lines: the columns with the values, as name and column. */
  columns?: Record<string, number>;
  /** For lines: what the first column is. */
  x?: string;
  /** The unit of the first column. */
  unit?: "count" | "bytes";
  scale?: "linear" | "log";
}

const PLOTS = /^<!-- plots (\[[^]*?\]) -->\n\n((?:\|.*\n)+)/gm;
const BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Inserts each plot that a Markdown page requests before its table. Throws if one cannot be drawn. */
export function withPlots(markdown: string): string {
  return markdown.replaceAll(PLOTS, (_, json: string, table: string) => {
    const rows = rowsOf(table);
    const plots = (JSON.parse(json) as Wanted[]).map((wanted) =>
      (wanted.kind === "bars" ? bars(wanted, rows) : lines(wanted, rows)).replaceAll("\n", "")
    );
    return `<figure class="plots">${plots.join("")}</figure>\n\n${table}`;
  });
}

function bars({ title, note, column, scale = "linear" }: Wanted, rows: string[][]): string {
  const found = rows.flatMap(([name, ...cells]) => {
    const value = numberIn(cells[column! - 1]);
    return value === undefined ? [] : [{ name, value, ours: name.startsWith("Diaspora Stream") }];
  });
  if (found.length === 0) throw new Error(`No figures for the plot "${title}" in column ${column}`);
  return barChart({ title, note, scale, format: formatCount, bars: found });
}

function lines(
  { title, note, columns, x = "", unit = "count", scale = "log" }: Wanted,
  rows: string[][],
): string {
  const series = Object.entries(columns!).map(([name, column]) => ({
    name,
    points: rows.flatMap((cells): [number, number][] => {
      const at = amountIn(cells[0]);
      const value = numberIn(cells[column]);
      return at === undefined || value === undefined ? [] : [[at, value]];
    }),
  }));
  if (series.some(({ points }) => points.length < 2)) throw new Error(`No lines for the plot "${title}"`);
  return lineChart({
    title,
    note,
    x: { label: x, scale: "steps", format: unit === "bytes" ? formatBytes : formatCount },
    y: { label: "µs", scale, format: formatCount },
    series,
  });
}

function rowsOf(table: string): string[][] {
  return table.trimEnd().split("\n").slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

function numberIn(cell: string | undefined): number | undefined {
  return cell === undefined || !/^[\d,.]+$/.test(cell) ? undefined : Number(cell.replaceAll(",", ""));
}

/** The number that a row is about: `10,000 events`, `64 KiB data`. */
function amountIn(cell: string): number | undefined {
  const [, number, unit] = /^([\d,.]+) (\S+)/.exec(cell) ?? [];
  return number === undefined ? undefined : Number(number.replaceAll(",", "")) * (BYTES[unit] ?? 1);
}
