import { linearScale, logScale, type Scale, stepScale } from "./scale.ts";
import { element, escaped, label, picture, seriesClass } from "./svg.ts";

/** One axis of a chart. */
interface Axis {
  label: string;
  /** `steps` spaces the values that occur evenly. */
  scale: "linear" | "log" | "steps";
  format: (value: number) => string;
  /** Values to label on the axis; by default round ones. */
  ticks?: readonly number[];
}

/** One line of a chart. */
export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  dashed?: boolean;
  /** Hide the dots, if there are very many points. */
  smooth?: boolean;
}

/** The content of a line chart. */
export interface LineChart {
  title: string;
  note?: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
}

/** The size of a chart, and the space around its lines. */
const LAYOUTS = {
  /** Lines are labelled at their ends. */
  wide: { width: 760, height: 400, left: 98, right: 128, top: 70, bottom: 58, noteChars: 110 },
  /** For phones: the names are above the lines. */
  narrow: { width: 380, height: 330, left: 84, right: 24, top: 88, bottom: 56, noteChars: 54 },
} as const;
const NAME_GAP = 17;
const NOTE_LINE = 18;

/** How much space a chart has. */
export type ChartSize = keyof typeof LAYOUTS;

/** Draws lines over two axes, with their names. */
export function lineChart(chart: LineChart, size: ChartSize = "wide"): string {
  const { title, note, series } = chart;
  const layout = LAYOUTS[size];
  const notes = note === undefined ? [] : linesOf(note, layout.noteChars);
  const moreNotes = Math.max(0, notes.length - 1) * NOTE_LINE;
  const { width, left, right, bottom } = layout;
  const [height, top] = [layout.height + moreNotes, layout.top + moreNotes];
  const x = scaleOf(chart.x, series.flatMap(({ points }) => points.map(([value]) => value)));
  const y = scaleOf(chart.y, series.flatMap(({ points }) => points.map(([, value]) => value)));
  const atX = (value: number): number => left + x.at(value) * (width - left - right);
  const atY = (value: number): number => height - bottom - y.at(value) * (height - top - bottom);
  const nameYs = spread(series.map(({ points }) => atY(endOf(points)[1])), NAME_GAP);
  return picture({ width, height, title }, [
    label(title, { x: 20, y: 30, kind: "title" }),
    ...notes.map((line, at) => label(line, { x: 20, y: 50 + at * NOTE_LINE, kind: "note" })),
    ...y.ticks.flatMap((tick) => [
      line(left, atY(tick), width - right, atY(tick), "rule"),
      label(chart.y.format(tick), { x: left - 8, y: atY(tick) + 4, anchor: "end", kind: "tick" }),
    ]),
    line(left, height - bottom, width - right, height - bottom, "base"),
    ...x.ticks.map((tick) =>
      label(chart.x.format(tick), { x: atX(tick), y: height - bottom + 20, anchor: "middle", kind: "tick" })
    ),
    label(chart.x.label, { x: (left + width - right) / 2, y: height - 14, anchor: "middle", kind: "axis" }),
    label(chart.y.label, {
      x: 18,
      y: (top + height - bottom) / 2,
      anchor: "middle",
      kind: "axis",
      turn: -90,
    }),
    ...series.map((one, index) => {
      const place = size === "narrow"
        ? { x: left + index * (width - left - right) / series.length, y: top - 14 }
        : { x: atX(endOf(one.points)[0]) + 10, y: nameYs[index]! + 4 };
      return seriesOf(one, index, { atX, atY, chart, place });
    }),
  ]);
}

/** A text in lines of at most a number of characters, divided between words. */
function linesOf(text: string, charsMax: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= charsMax) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** The last of a line's points; a line has at least one. */
function endOf(points: Series["points"]): readonly [x: number, y: number] {
  return points.at(-1)!;
}

function seriesOf(
  { name, points, dashed, smooth }: Series,
  index: number,
  { atX, atY, chart, place }: {
    atX: (value: number) => number;
    atY: (value: number) => number;
    chart: LineChart;
    /** Of its name. */
    place: { x: number; y: number };
  },
): string {
  const path = points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${atX(x).toFixed(1)} ${atY(y).toFixed(1)}`);
  // Very many dots are invisible, but still show their values to a pointer.
  const look = smooth ? { class: "hit", r: 7 } : { class: "dot", r: 4 };
  const dots = points.map(([x, y]) =>
    element(
      "circle",
      { ...look, cx: atX(x), cy: atY(y) },
      element("title", {}, escaped(`${name}: ${chart.y.format(y)} at ${chart.x.format(x)}`)),
    )
  );
  return element(
    "g",
    { class: seriesClass(index) },
    [
      element("path", { class: dashed ? "line dashed" : "line", d: path.join("") }),
      ...dots,
      label(name, { ...place, kind: "name" }),
    ].join(""),
  );
}

function scaleOf({ scale, ticks }: Axis, values: readonly number[]): Scale {
  if (scale === "steps") return stepScale(values);
  const [start, end] = [Math.min(...values), Math.max(...values)];
  const made = scale === "log" ? logScale(start, end) : linearScale(Math.min(0, start), end);
  if (ticks === undefined) return made;
  return { at: made.at, ticks: ticks.filter((tick) => tick >= start && tick <= end) };
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return element("line", { x1, y1, x2, y2, class: kind });
}

/** The positions, moved so that none is nearer than `gap` to another. */
export function spread(positions: readonly number[], gap: number): number[] {
  const order = positions.map((position, index) => ({ position, index }))
    .sort((one, other) => one.position - other.position);
  for (let round = 0; round < 50; round++) {
    let before = { position: -Infinity };
    for (const one of order) {
      const lack = gap - (one.position - before.position);
      if (lack > 0) {
        before.position -= lack / 2;
        one.position += lack / 2;
      }
      before = one;
    }
  }
  const moved: number[] = [];
  for (const { position, index } of order) moved[index] = position;
  return moved;
}
