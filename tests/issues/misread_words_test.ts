// Command-line values were misread: a time in microseconds became the year 58870, so `topic trim --before-time`
// removed everything and a seek skipped everything; "2026", "20261125", "2026-02-30" and "last 7" were accepted
// as times. `consume --data part-{id}.bin` wrote events of several partitions to the same file, of which only
// the last remained. Ambiguous values are now refused, with the expected form.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Readable } from "node:stream";
import { checkDataOption } from "../../src/ctl/consume/data_sink.ts";
import { limitsOf } from "../../src/ctl/consume/limits.ts";
import type { Event } from "../../mod.ts";
import { parseTemplate } from "../../src/ctl/consume/template.ts";
import { ParsedArguments } from "../../src/ctl/args/parsed.ts";
import { LineTooLongError, numberedLines } from "../../src/ctl/lines/numbered_lines.ts";
import { parseStart } from "../../src/ctl/position.ts";
import { parseTime } from "../../src/ctl/time.ts";
import { UsageError } from "../../src/ctl/usage_error.ts";
import { test } from "../harness.ts";

const NOW = new Date(2026, 10, 25, 12).getTime();

test("an ambiguous time is refused with the expected form, in every option", () => {
  const wrong = [
    "1764000000000000",
    "1764000000000000000",
    "2026",
    "202611",
    "20261125",
    "202611251200",
    "20261125120000",
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "2026-11-25T24:01",
    "2026-11-25T12:60",
    "2026-11-25T12:00+99:00",
    "25:00",
    "last 7",
    "foo 1",
    "7",
    "-7d",
    "1e12",
    "12345678901",
    "Nov 25 2026",
    "11/25/2026",
    "tomorrow",
    "",
  ];
  for (const text of wrong) {
    assertThrows(() => parseTime("--before-time", text, () => NOW), UsageError, "2026-11-23T15:48:00Z", text);
    assertThrows(() => parseStart("--to", `@${text}`), UsageError, 'Option "--to" takes a time', text);
  }
  assertThrows(() => parseTime("--to", "1764000000000000"), UsageError, "may be microseconds");
  assertThrows(() => parseTime("--to", "1764000000000000000"), UsageError, "may be nanoseconds");
  assertThrows(() => parseTime("--to", "20261125"), UsageError, "may be the date 2026-11-25");
  assertThrows(() => parseTime("--to", "2026-02-30"), UsageError, "there is no such date");
});

test("common forms of times are accepted, without a zone as local time", () => {
  const parse = (text: string): number => parseTime("--from", text, () => NOW);
  assertEquals(parse("2026-11-25"), new Date(2026, 10, 25).getTime());
  assertEquals(parse("2026-11-25 08:30"), new Date(2026, 10, 25, 8, 30).getTime());
  assertEquals(parse("08:30:15.5"), new Date(2026, 10, 25, 8, 30, 15, 500).getTime());
  assertEquals(parse("2026-11-25T08:30:00.250+01:00"), Date.UTC(2026, 10, 25, 7, 30, 0, 250));
  assertEquals(parse("2026-11-25 08:30:00.123456789-0530"), Date.UTC(2026, 10, 25, 14) + 123.456789);
  assertEquals(parse("2024-02-29T00:00:00Z"), Date.UTC(2024, 1, 29));
  assertEquals(parse("1764000000"), 1_764_000_000_000);
  assertEquals(parse("1764000000123"), 1_764_000_000_123);
  assertEquals(parse("1h30m"), NOW - 5_400_000);
  assertEquals(parse("now"), NOW);
  assertEquals(parse("99999w"), 0);
  assertEquals(parseStart("--from", "2026-11-23T15:48:00Z"), { time: Date.UTC(2026, 10, 23, 15, 48) });
});

test("--until takes end, an id or a time, and refuses anything else", () => {
  const limits = (until: string) =>
    limitsOf(
      new ParsedArguments({
        texts: new Map([["until", [until]]]),
        flags: new Map(),
        documents: new Map(),
        positional: [],
      }),
    );
  assertEquals(limits("17"), { follow: false, max: Infinity, untilId: 17 });
  assertEquals(limits("@1764000000").untilTime, 1_764_000_000_000);
  assertEquals(limits("2026-11-23T15:48:00Z").untilTime, Date.UTC(2026, 10, 23, 15, 48));
  for (const text of ["latest", "@17", "2026-02-30", "-5", "last 7"]) {
    assertThrows(() => limits(text), UsageError);
  }
});

test("a file name pattern shared by two events is refused, and so is a misspelt keyword", () => {
  assertThrows(() => checkDataOption("part-{id}.bin", 2), UsageError, '"part-{partition}-{id}.bin"');
  assertThrows(() => checkDataOption("{topic}/{id}", 3), UsageError, "add {partition}");
  for (const how of ["part-{ID}.bin", "{name}.bin", "{offset}"]) {
    assertThrows(() => checkDataOption(how, 1), UsageError, "{topic}, {partition} and {id}");
  }
  for (const how of ["base46", "nonne", "Hex"]) {
    assertThrows(() => checkDataOption(how, 1), UsageError, `write "./${how}"`);
  }
  for (const how of ["none", "hex", "base64", "-", "part-{partition}-{id}.bin", "all.bin", "./base46"]) {
    checkDataOption(how, 2);
  }
  checkDataOption("part-{id}.bin", 1);
});

test("a template with an unknown name is refused, with the nearest known one", () => {
  const text = '{"id":12345678901234567890,"of":{"id":9007199254740993}}';
  const event = { metadataText: text, metadata: JSON.parse(text), timestamp: 1.764e18 } as Event;
  assertEquals(
    parseTemplate("{metadata.id} {metadata.of} {time}", "t").format(event, new Uint8Array()),
    '12345678901234567890 {"id":9007199254740993} 1764000000000000000',
  );
  assertThrows(() => parseTemplate("{offset}", "t"), UsageError, "{partition}, {id}");
  assertThrows(() => parseTemplate("{metdata}", "t"), UsageError, 'did you mean "{metadata}"');
  assertThrows(() => parseTemplate("{p} {m", "t"), UsageError, 'has "{m" without "}"');
  assertThrows(() => parseTemplate("{id {m}", "t"), UsageError, 'has "{id" without "}"');
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a byte order mark before the first line is ignored, wherever the stream is split", async () => {
  const whole = bytes("\ufeff{}\n\ufeffx\n");
  for (let cut = 0; cut <= whole.length; cut++) {
    const stream = Readable.from([whole.slice(0, cut), whole.slice(cut)].filter((chunk) => chunk.length > 0));
    const lines: string[] = [];
    for await (const block of numberedLines(stream, new AbortController().signal)) lines.push(...block.lines);
    assertEquals(lines, ["{}", "\ufeffx"]);
  }
});

test("a line over the limit is reported by its number, and the lines before it are delivered", async () => {
  const whole = bytes(`1\n2\n3\n${"x".repeat(200)}\n5\n`);
  for (const size of [1, 7, 150, 1000]) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += size) chunks.push(whole.slice(at, at + size));
    const lines: string[] = [];
    const read = async (): Promise<void> => {
      const stream = Readable.from([...chunks, bytes("6")]);
      const limit = { bytesMax: 100 };
      for await (const block of numberedLines(stream, new AbortController().signal, limit)) {
        lines.push(...block.lines);
      }
    };
    if (size === 1000) continue;
    const error = await assertRejects(read, LineTooLongError);
    assertEquals([error.line, lines], [4, ["1", "2", "3"]], `in pieces of ${size}`);
  }
});
