/** Converts text in chunks of any size to lines, and lines to records.
 *
 * @module
 */

/** Splits text into lines; the last one need not end with a line break. */
export class LineStream extends TransformStream<string, string> {
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line.replace(/\r$/, ""));
      },
      flush(controller) {
        if (rest !== "") controller.enqueue(rest);
      },
    });
  }
}

/** The value of a cell: a number if it looks like one. */
export type Cell = string | number;

/** Makes a record of every line except the first, which names the columns. Quoted cells are not supported. */
export class CsvStream extends TransformStream<string, Record<string, Cell>> {
  constructor() {
    let columns: string[] | undefined;
    super({
      transform(line, controller) {
        const cells = line.split(",");
        if (columns === undefined) columns = cells;
        else controller.enqueue(Object.fromEntries(columns.map((column, at) => [column, cellOf(cells[at])])));
      },
    });
  }
}

function cellOf(text: string): Cell {
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}
