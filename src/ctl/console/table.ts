/** Rows as columns of equal width, numbers to the right; the last column is not padded. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const texts = rows.map((row) => row.map((cell) => typeof cell === "number" ? String(cell) : cell));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => row[column].length))
  );
  const line = (cells: readonly string[], numeric: (column: number) => boolean): string =>
    cells.map((cell, column) => {
      if (numeric(column)) return cell.padStart(widths[column]);
      return column === cells.length - 1 ? cell : cell.padEnd(widths[column]);
    }).join("  ").trimEnd();
  const isNumeric = (column: number): boolean => rows.length > 0 && typeof rows[0][column] === "number";
  return [line(head, isNumeric), ...texts.map((row) => line(row, isNumeric))];
}
