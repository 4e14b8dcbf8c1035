/** Text escaped for XML or HTML. */
export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** An element; undefined attributes are omitted. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content = "",
): string {
  const written = Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return ` ${key}="${escaped(typeof value === "number" ? String(Number(value.toFixed(2))) : value)}"`;
  }).join("");
  return content === "" ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** Text at a position. */
export function label(
  text: string,
  { x, y, anchor = "start", kind, turn }: {
    x: number;
    y: number;
    anchor?: "start" | "middle" | "end";
    /** Class of the text. */
    kind: string;
    /** Rotation in degrees. */
    turn?: number;
  },
): string {
  const transform = turn === undefined ? undefined : `rotate(${turn} ${x} ${y})`;
  return element("text", { x, y, "text-anchor": anchor, class: kind, transform }, escaped(text));
}

/** Colours that remain distinguishable with colour blindness, for light and dark backgrounds. */
const COLOURS = [
  ["#2563c9", "#7aa7ff"],
  ["#d1652b", "#ff9e6b"],
  ["#14866d", "#4fd1b0"],
  ["#a63d8f", "#eb8fd9"],
  ["#7a6a00", "#d9c74a"],
  ["#5b6270", "#a9b1c0"],
];

/** The style of charts; embedded in each, so that a picture works by itself. */
const CHART_STYLE: string = [
  ".chart{font:13px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;--ink:#1d2430;--soft:#667080;--rule:#e3e7ee;--paper:#fff}",
  ...COLOURS.map(([light], index) => `.chart .s${index}{--c:${light}}`),
  `@media(prefers-color-scheme:dark){.chart{--ink:#e8ecf3;--soft:#9aa4b5;--rule:#303846;--paper:#161b24}${
    COLOURS.map(([, dark], index) => `.chart .s${index}{--c:${dark}}`).join("")
  }}`,
  ".chart .paper{fill:var(--paper)}",
  ".chart text{fill:var(--ink)}.chart .title{font-size:16px;font-weight:650}.chart .note,.chart .tick,.chart .axis{fill:var(--soft)}.chart .tick{font-size:12px;font-variant-numeric:tabular-nums}",
  ".chart .rule{stroke:var(--rule);stroke-width:1}.chart .base{stroke:var(--soft);stroke-width:1}",
  ".chart .line{fill:none;stroke:var(--c);stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}.chart .dashed{stroke-dasharray:5 5;stroke-width:2}",
  ".chart .dot{fill:var(--c);stroke:var(--paper);stroke-width:1.5}.chart .hit{fill:transparent}.chart .bar{fill:var(--c)}.chart .name{fill:var(--c);font-weight:600}",
].join("");

/** The CSS class of the series with that index. */
export function seriesClass(index: number): string {
  return `s${index % COLOURS.length}`;
}

/** A complete picture. */
export function picture(
  { width, height, title }: { width: number; height: number; title: string },
  content: readonly string[],
): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      class: "chart",
      role: "img",
      "aria-label": title,
    },
    [
      `<style>${CHART_STYLE}</style>`,
      element("rect", { class: "paper", width, height, rx: 8 }),
      ...content,
    ].join("\n"),
  );
}
