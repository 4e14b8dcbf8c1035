// "Pushed 1 events", "in 1 partitions": messages said this wherever a number was followed by a noun. One
// function does it now.
import { assertEquals } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import { counted, countedGrouped } from "../../src/text/counted.ts";
import { test } from "../harness.ts";

/** Nouns that are counted in messages; a number with a unit (`events/s`) is different. */
const NOUNS =
  "attempts batches blocks characters commands consumers copies days documents elements entries errors " +
  "events failures files findings frames groups hours items keys lines members messages minutes modules names " +
  "options partitions places policies positions processes producers properties pushes records rounds seconds " +
  "segments sizes times topics values warnings";

/** `${n} events`, but not with a constant, which is never 1. */
const UNCOUNTED = new RegExp(
  `\\$\\{(?![A-Z0-9_]+\\})[^{}\`]*\\} (?:${NOUNS.replaceAll(" ", "|")}|bytes)\\b(?!/)`,
  "g",
);

/** Where what precedes the noun is not a number, or never 1. */
const NOT_COUNTED = [
  "${path[0]} commands",
  "${Math.round(seconds / 86_400)} days",
  "${owner} options",
  "${spec.name} options",
  "${openBytes + queuedBytes} bytes wait",
  "${this.#queue.size} events wait",
];

/** Generated files. */
const MADE = /^src\/(?:ui\/page_files|log\/format\/core\/core_bytes)\.ts$/;

function filesOf(folders: string[], match: RegExp): { path: string; text: string }[] {
  return folders.flatMap((folder) => [...walkSync(folder, { match: [match] })])
    .filter(({ path }) => !MADE.test(path))
    .map(({ path }) => ({ path, text: readFileSync(path, "utf8") }));
}

test("one is singular, every other number plural", () => {
  const each = [0, 1, 2].map((count) => counted(count, "event"));
  assertEquals(each, ["0 events", "1 event", "2 events"]);
  assertEquals([1, 3].map((count) => counted(count, "entry", "entries")), ["1 entry", "3 entries"]);
  assertEquals([1, 1234567].map((count) => countedGrouped(count, "event")), ["1 event", "1,234,567 events"]);
});

test("no message puts a number before a plural on its own", () => {
  const found = filesOf(["src", "page"], /\.ts$/).flatMap(({ path, text }) => {
    const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, "");
    return [...code.matchAll(UNCOUNTED)]
      .filter(({ index }) => !NOT_COUNTED.some((known) => code.startsWith(known, index)))
      .map(([template]) => `${path}: ${template}`);
  });
  assertEquals(found, []);
});

test("the documentation and its messages use the singular for one", () => {
  const wrong = new RegExp(`(?<![-\\w.,:#/×] ?)\\b1 (?:${NOUNS.replaceAll(" ", "|")}|bytes)\\b(?!\\||,)`);
  const found = filesOf(["docs", "examples", "src"], /\.(?:md|ts)$/).flatMap(({ path, text }) =>
    text.split("\n").filter((line) => wrong.test(line)).map((line) => `${path}: ${line.trim()}`)
  );
  assertEquals(found, []);
});
