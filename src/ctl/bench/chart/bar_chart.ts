import { linearScale, logScale } from "./scale.ts";
import { element, escaped, label, picture, seriesClass } from "./svg.ts";

/** One bar. */
interface Bar {
  name: string;
  value: number;
  /** Highlights our own bars. */
  ours?: boolean;
}

/** The content of a bar chart. */
interface BarChart {
  title: string;
  note?: string;
  scale: "linear" | "log";
  format: (value: number) => string;
  bars: readonly Bar[];
}

const WIDTH = 760;
const LEFT = 340;
const RIGHT = 90;
const TOP = 72;
const ROW = 30;
const OURS = 0;
const OTHERS = 5;

/** Draws a bar for each value, largest first. */
export function barChart({ title, note, scale, format, bars }: BarChart): string {
  const sorted = [...bars].sort((one, other) => other.value - one.value);
  const height = TOP + sorted.length * ROW + 16;
  const values = sorted.map(({ value }) => value);
  const axis = scale === "log"
    ? logScale(Math.min(...values) / 2, Math.max(...values))
    : linearScale(0, Math.max(...values));
  return picture({ width: WIDTH, height, title }, [
    label(title, { x: 20, y: 30, kind: "title" }),
    ...(note === undefined ? [] : [label(note, { x: 20, y: 50, kind: "note" })]),
    ...sorted.map(({ name, value, ours }, row) => {
      const y = TOP + row * ROW;
      const width = Math.max(2, axis.at(value) * (WIDTH - LEFT - RIGHT));
      return element(
        "g",
        { class: seriesClass(ours ? OURS : OTHERS) },
        [
          label(name, { x: LEFT - 10, y: y + 15, anchor: "end", kind: ours ? "name" : "label" }),
          element(
            "rect",
            { class: "bar", x: LEFT, y, width, height: ROW - 9, rx: 3 },
            element("title", {}, escaped(`${name}: ${format(value)}`)),
          ),
          label(format(value), { x: LEFT + width + 8, y: y + 15, kind: "tick" }),
        ].join(""),
      );
    }),
  ]);
}
