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

const ASCII = /^[\x20-\x7e]*$/;
const COMBINING = /^[\p{Mn}\p{Me}\p{Cf}]/u;
/** Characters that terminals show in two columns: those of East Asia, and pictures. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;

/** How many columns of a terminal a text takes. */
function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** A text of at most this many columns, with a mark where its middle was left out. */
function cutInMiddle(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const characters = [...text];
  const head = fitting(characters, Math.ceil((width - 1) / 2));
  const tail = fitting(characters.reverse(), width - 1 - textWidth(head.join("")));
  return `${head.join("")}…${tail.reverse().join("")}`;
}

/** As much of the beginning of a text as fits. */
export function cutAtEnd(text: string, width: number): string {
  return textWidth(text) <= width ? text : fitting([...text], width).join("");
}

/** As many of the first characters as fit. */
function fitting(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => (left -= textWidth(character)) < 0);
  return characters.slice(0, end);
}
