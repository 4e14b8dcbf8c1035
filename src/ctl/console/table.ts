/** A column is not made narrower than this. */
const WIDTH_MIN = 8;

/**
 * Rows as columns of equal width, numbers to the right; the last column is not padded. Where a terminal has fewer
 * columns than that takes, the widest texts are cut in their middle, which is marked.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  columnsMax = Infinity,
): string[] {
  const texts = rows.map((row) => row.map((cell) => typeof cell === "number" ? String(cell) : cell));
  const isNumeric = (column: number): boolean => rows.length > 0 && typeof rows[0][column] === "number";
  const widths = head.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => row[column].length))
  );
  fit(widths, head, isNumeric, columnsMax);
  const line = (cells: readonly string[], numeric: (column: number) => boolean): string =>
    cells.map((cell, column) => {
      const text = cutInMiddle(cell, widths[column]);
      if (numeric(column)) return text.padStart(widths[column]);
      return column === cells.length - 1 ? text : text.padEnd(widths[column]);
    }).join("  ").trimEnd();
  return [line(head, isNumeric), ...texts.map((row) => line(row, isNumeric))];
}

/** Takes from the widest columns of text what is too much. */
function fit(
  widths: number[],
  head: readonly string[],
  isNumeric: (column: number) => boolean,
  columnsMax: number,
): void {
  const total = (): number => widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
  while (total() > columnsMax) {
    const widest = widths.reduce(
      (best, width, column) =>
        !isNumeric(column) && width > Math.max(WIDTH_MIN, head[column].length) && width > (widths[best] ?? 0)
          ? column
          : best,
      -1,
    );
    if (widest < 0) return;
    widths[widest]--;
  }
}

function cutInMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const left = Math.ceil((width - 1) / 2);
  return `${text.slice(0, left)}…${text.slice(text.length - (width - 1 - left))}`;
}
