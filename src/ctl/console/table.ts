import { cutInMiddle, textWidth } from "./text_width.ts";

/** Minimum width of a column. */
const WIDTH_MIN = 8;

/**
 * Rows as aligned columns, numbers to the right; the last column is not padded. If a terminal is too narrow, the
 * widest texts are shortened in the middle, with a mark; if that is not enough, each value gets a line of its own.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  columnsMax = Infinity,
): string[] {
  const columns = head.map((title, at): Column => ({
    title,
    isNumeric: typeof rows[0]?.[at] === "number",
    width: Math.max(title.length, ...rows.map((row) => textWidth(textOf(row[at])))),
  }));
  fit(columns, columnsMax);
  if (rows.length > 0 && widthOf(columns) > columnsMax) return records(head, rows);
  const line = (cells: readonly (string | number)[]): string =>
    columns.map(({ isNumeric, width }, at) => {
      const text = cutInMiddle(textOf(cells[at]), width);
      if (isNumeric) return text.padStart(width);
      return at === columns.length - 1 ? text : text + " ".repeat(width - textWidth(text));
    }).join("  ").trimEnd();
  return [line(head), ...rows.map(line)];
}

/** `title  value` lines, with an empty line between two rows. */
function records(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const width = Math.max(...head.map((title) => title.length));
  return rows.flatMap((row, at) => [
    ...(at === 0 ? [] : [""]),
    ...head.map((title, column) => `${title.padEnd(width)}  ${textOf(row[column])}`.trimEnd()),
  ]);
}

interface Column {
  title: string;
  isNumeric: boolean;
  width: number;
}

function textOf(cell: string | number | undefined): string {
  return String(cell ?? "");
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + width, 2 * (columns.length - 1));
}

/** Narrows the widest text columns by what is too much. */
function fit(columns: readonly Column[], columnsMax: number): void {
  for (let total = widthOf(columns); total > columnsMax; total--) {
    const [widest] = columns
      .filter(({ title, isNumeric, width }) => !isNumeric && width > Math.max(WIDTH_MIN, title.length))
      .sort((one, other) => other.width - one.width);
    if (widest === undefined) return;
    widest.width--;
  }
}
