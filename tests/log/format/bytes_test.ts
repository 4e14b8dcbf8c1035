// The layout is described in three places: the constants, the drawing above them, and docs/format.md.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as format from "../../../src/log/format/bytes.ts";
import {
  layoutOf,
  RECORD,
  RECORD_BYTES,
  SEGMENT,
  SEGMENT_HEADER_BYTES,
} from "../../../src/log/format/bytes.ts";
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

test("the numbers of the format are those in stored files, whatever is written where", () => {
  assertEquals([...format.SEGMENT_MAGIC], [..."DSLOG\r\n\x1a"].map((letter) => letter.charCodeAt(0)));
  const letters = (magic: number): string =>
    [0, 8, 16, 24].map((bits) => String.fromCharCode((magic >> bits) & 0xff)).join("");
  assertEquals([format.HEADER_MAGIC, format.TRAILER_MAGIC].map(letters), ["DSFH", "DSFT"]);
  assertEquals([format.FORMAT_VERSION, format.RECORD_BYTES, format.SEGMENT_HEADER_BYTES], [1, 64, 64]);
  assertEquals(format.KIND, { events: 1, seal: 2, chunk: 3 });
  assertEquals(format.FLAG, { hasData: 1, jsonText: 2, ascii: 4, lost: 8, dataLost: 16, terminal: 128 });
  assertEquals(format.INDEX, { id: 0, time: 8, offset: 16, recordCrc: 20, salt: 24, crc: 28 });
  assertEquals([format.INDEX_ENTRY_BYTES, format.EXTENT_BYTES, format.DATA_BLOCK_BYTES], [32, 16, 65_536]);
  assertEquals(format.DATA_LOST_MARK, 0x8000_0000);
  const mib = 1 << 20;
  assertEquals([format.FRAME_EVENTS_MAX, format.METADATA_BYTES_MAX, format.FRAME_DATA_BYTES_MAX], [
    mib,
    16 * mib,
    16 * mib,
  ]);
  assertEquals([format.DATA_BYTES_MAX, format.OFFSETS_END], [4096 * mib, 4096 * mib]);
});

test("the parts of a frame follow each other, each with room for what it holds", () => {
  const plain = { flags: 0, count: 3, extentCount: 0, metadataBytes: 10, dataBytes: 0 };
  const offsets = (changes: Partial<typeof plain>): number[] =>
    Object.values(layoutOf({ ...plain, ...changes }));
  // Table, extents, sums of blocks, metadata, data, trailer, end.
  assertEquals(offsets({}), [64, 76, 76, 76, 86, 86, 150]);
  assertEquals(offsets({ flags: format.FLAG.hasData, dataBytes: 65_537 }), [
    64,
    88,
    88,
    96,
    106,
    65_643,
    65_707,
  ]);
  assertEquals(offsets({ flags: format.FLAG.hasData, dataBytes: 65_536 }), [
    64,
    88,
    88,
    92,
    102,
    65_638,
    65_702,
  ]);
  assertEquals(offsets({ flags: format.FLAG.lost, metadataBytes: 0 }), [64, 64, 64, 64, 64, 64, 128]);
  assertEquals(offsets({ count: 1, extentCount: 2 }), [64, 68, 108, 108, 118, 118, 182]);
});
