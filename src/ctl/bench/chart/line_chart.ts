import { linearScale, logScale, type Scale, stepScale } from "./scale.ts";
import { element, escaped, label, picture, seriesClass } from "./svg.ts";

/** One axis of a chart. */
export interface Axis {
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

const WIDTH = 760;
const HEIGHT = 400;
const LEFT = 98;
const RIGHT = 128;
const TOP = 70;
const BOTTOM = 58;
const NAME_GAP = 17;

/** Draws lines over two axes; each line is labelled at its end. */
export function lineChart(chart: LineChart): string {
  const { title, note, series } = chart;
  const x = scaleOf(chart.x, series.flatMap(({ points }) => points.map(([value]) => value)));
  const y = scaleOf(chart.y, series.flatMap(({ points }) => points.map(([, value]) => value)));
  const atX = (value: number): number => LEFT + x.at(value) * (WIDTH - LEFT - RIGHT);
  const atY = (value: number): number => HEIGHT - BOTTOM - y.at(value) * (HEIGHT - TOP - BOTTOM);
  const nameYs = spread(series.map(({ points }) => atY(endOf(points)[1])), NAME_GAP);
  return picture({ width: WIDTH, height: HEIGHT, title }, [
    label(title, { x: 20, y: 30, kind: "title" }),
    ...(note === undefined ? [] : [label(note, { x: 20, y: 50, kind: "note" })]),
    ...y.ticks.flatMap((tick) => [
      line(LEFT, atY(tick), WIDTH - RIGHT, atY(tick), "rule"),
      label(chart.y.format(tick), { x: LEFT - 8, y: atY(tick) + 4, anchor: "end", kind: "tick" }),
    ]),
    line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "base"),
    ...x.ticks.map((tick) =>
      label(chart.x.format(tick), { x: atX(tick), y: HEIGHT - BOTTOM + 20, anchor: "middle", kind: "tick" })
    ),
    label(chart.x.label, { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 14, anchor: "middle", kind: "axis" }),
    label(chart.y.label, {
      x: 18,
      y: (TOP + HEIGHT - BOTTOM) / 2,
      anchor: "middle",
      kind: "axis",
      turn: -90,
    }),
    ...series.map((one, index) => seriesOf(one, index, { atX, atY, chart, nameY: nameYs[index]! })),
  ]);
}

/** The last of a line's points; a line has at least one. */
function endOf(points: Series["points"]): readonly [x: number, y: number] {
  return points.at(-1)!;
}

function seriesOf(
  { name, points, dashed, smooth }: Series,
  index: number,
  { atX, atY, chart, nameY }: {
    atX: (value: number) => number;
    atY: (value: number) => number;
    chart: LineChart;
    nameY: number;
  },
): string {
  const path = points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${atX(x).toFixed(1)} ${atY(y).toFixed(1)}`);
  const [lastX] = endOf(points);
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
      label(name, { x: atX(lastX) + 10, y: nameY + 4, kind: "name" }),
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
