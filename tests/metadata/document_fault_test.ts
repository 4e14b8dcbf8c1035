import { assertEquals } from "@std/assert";
import { describeDocumentFault } from "../../src/metadata/document_fault.ts";
import { fuzz } from "../fuzz/cases.ts";
import { test } from "../harness.ts";

test("the position where a text stops being JSON is reported", () => {
  const cases: [string, string][] = [
    ["", "the text ends at position 0"],
    ["  ", "the text ends at position 2"],
    ["hello", 'unexpected "h" at position 0'],
    ["{", "the text ends at position 1"],
    ['{"a":}', 'unexpected "}" at position 5'],
    ['{"a":1}}', 'unexpected "}" at position 7'],
    ['{"a":1,}', 'unexpected "}" at position 7'],
    ["{a:1}", 'unexpected "a" at position 1'],
    ["[1,]", 'unexpected "]" at position 3'],
    ["[1 2]", 'unexpected "2" at position 3'],
    ["[1}", 'unexpected "}" at position 2'],
    ["01", 'unexpected "1" at position 1'],
    ["1.", 'unexpected "." at position 1'],
    ["- 1", 'unexpected "-" at position 0'],
    ["nul", 'unexpected "n" at position 0'],
    ['"a\nb"', 'unexpected "\\n" at position 2'],
    ['"\\x"', 'unexpected "\\\\" at position 1'],
    ['"abc', "the text ends at position 4"],
    ['{"a":1', "the text ends at position 6"],
    ["[[[[", "the text ends at position 4"],
    ["[] 🚀", 'unexpected "🚀" at position 3'],
  ];
  for (const [text, what] of cases) assertEquals(describeDocumentFault(text), what, text);
});

test("the text before the reported position can be completed to JSON", () => {
  fuzz("document_fault", (random) => {
    const original = '{"a": [1, -2.5e3, true, {"b": "x\\u00e9\\n", "c": []}], "d": {}}';
    const at = random(original.length);
    const text = original.slice(0, at) + ' {}[]",:0e-t'[random(12)] + original.slice(at + random(2));
    try {
      JSON.parse(text);
      return;
    } catch {
      // It is not JSON: the case to test.
    }
    const position = Number(/position (\d+)$/.exec(describeDocumentFault(text))?.[1]);
    // The original is JSON, so the characters before the changed one cannot be the fault.
    if (position < at - 6 || position > text.length) throw new Error(`${position} for ${at} in ${text}`);
  });
});
