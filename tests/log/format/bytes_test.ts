// The layout is described in three places: the constants, the drawing above them, and docs/format.md.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { RECORD, RECORD_BYTES, SEGMENT, SEGMENT_HEADER_BYTES } from "../../../src/log/format/bytes.ts";
import { test } from "../../harness.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A field: its offset, its size in bytes and what it is. */
type Field = [at: number, bytes: number, what: string];

/** The two columns of the drawing, line by line. */
function drawnColumns(): { segment: string[]; record: string[] } {
  const lines = readFileSync(`${root}src/log/format/bytes.ts`, "utf8").split("\n").map((line) =>
    line.slice(3)
  );
  const head = lines.findIndex((line) => line.startsWith("segment header"));
  const middle = lines[head].indexOf("frame record");
  const rows = lines.slice(head + 1, lines.indexOf("", head));
  return {
    segment: rows.map((row) => row.slice(0, middle).trimEnd()),
    record: rows.map((row) => row.slice(middle).trimEnd()),
  };
}

/** The fields of a column; a line without numbers continues the field above it. */
function fieldsOf(column: readonly string[]): Field[] {
  return column.filter((line) => line !== "").flatMap((line): Field[] => {
    if (/^ {7}\S/.test(line)) return [];
    const match = /^ ?(\d+) +(\d+) {2}(\S.*)$/.exec(line);
    assert(match !== null, `"${line}" is not a row of the drawing`);
    return [[Number(match[1]), Number(match[2]), match[3]]];
  });
}

/** The rows of the table in docs/format.md whose third column has this title. */
function documentedFields(title: string): Field[] {
  const lines = readFileSync(`${root}docs/format.md`, "utf8").split("\n");
  const head = lines.findIndex((line) => line.startsWith(`| at | bytes | ${title} `));
  assert(head >= 0, `docs/format.md has no table "${title}"`);
  const rows = lines.slice(head + 2, lines.indexOf("", head));
  return rows.map((row) => row.split("|").slice(1)).map(([at, bytes, what]) => [
    Number(at),
    Number(bytes),
    what.trim(),
  ]);
}

function places(fields: readonly Field[]): [number, number][] {
  return fields.map(([at, bytes]) => [at, bytes]);
}

const drawn = drawnColumns();
const cases = [
  ["a segment header", fieldsOf(drawn.segment), SEGMENT, SEGMENT_HEADER_BYTES, "header"],
  ["a frame's record", fieldsOf(drawn.record), RECORD, RECORD_BYTES, "record (header and trailer)"],
] as const;

for (const [what, fields, constants, total, title] of cases) {
  test(`the drawing of ${what} covers every byte once`, () => {
    let end = 0;
    for (const [at, bytes] of fields) {
      assertEquals(at, end);
      end += bytes;
    }
    assertEquals(end, total);
  });

  test(`the drawing of ${what} has every field of the constants`, () => {
    const offsets = new Set(fields.map(([at]) => at));
    assertEquals(Object.entries(constants).filter(([, at]) => !offsets.has(at)), []);
  });

  test(`the drawing of ${what} agrees with docs/format.md`, () => {
    assertEquals(places(fields), places(documentedFields(title)));
  });
}
