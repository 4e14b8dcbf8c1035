import { assertEquals } from "@std/assert";
import { decodeLines } from "../../../src/ctl/lines/decode_lines.ts";
import { LineSplitter } from "../../../src/ctl/lines/line_splitter.ts";
import { test } from "../../harness.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function splitAll(text: string, cuts: number[]): string[] {
  const splitter = new LineSplitter();
  const whole = bytes(text);
  const lines: string[] = [];
  let from = 0;
  for (const cut of [...cuts, whole.length]) {
    const chunk = whole.slice(from, cut);
    const block = splitter.push(chunk);
    if (block !== undefined) lines.push(...decodeLines(block).lines);
    chunk.fill(0x21);
    from = cut;
  }
  const last = splitter.end();
  return last === undefined ? lines : [...lines, ...decodeLines(last).lines];
}

test("lines are whole wherever the stream is split, even within a character", () => {
  const text = 'ä"\\\n\n{"ключ": "値"}\r\nlast';
  const expected = ['ä"\\', "", '{"ключ": "値"}\r', "last"];
  const size = bytes(text).length;
  for (let first = 0; first <= size; first++) {
    for (let second = first; second <= size; second++) {
      assertEquals(splitAll(text, [first, second]), expected);
    }
  }
});

test("a final newline starts no further line", () => {
  assertEquals(splitAll("a\nb\n", []), ["a", "b"]);
  assertEquals(splitAll("\n", []), [""]);
  assertEquals(splitAll("", []), []);
});

test("a byte order mark and NUL bytes are part of a line", () => {
  assertEquals(splitAll("\uFEFFa\n\0\n", []), ["\uFEFFa", "\0"]);
});

test("decodeLines() names the first line that is not UTF-8 and decodes the others", () => {
  const block = new Uint8Array([...bytes("good\n"), 0xff, 0xfe, 0x0a, ...bytes("also good\n")]);
  const { lines, malformed } = decodeLines(block);
  assertEquals([lines[0], lines[2], malformed], ["good", "also good", 1]);
});
