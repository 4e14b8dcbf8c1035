import { assertEquals } from "@std/assert";
import { metadataLine } from "../../src/event/json_line.ts";
import { test } from "../harness.ts";

const line = (metadataText: string): string =>
  metadataLine({ metadataText } as Parameters<typeof metadataLine>[0]);

test("metadata is printed on one line, and control characters outside JSON are escaped", () => {
  assertEquals(line('{"a":\t1}'), '{"a":\t1}');
  assertEquals(line('{\r\n  "a": 1\n}'), '{   "a": 1 }');
  assertEquals(line('"\u001b]0;title\u0007\0"'), '"\\u001b]0;title\\u0007\\u0000"');
  assertEquals(line('"é \u{1f600} \\u001b"'), '"é \u{1f600} \\u001b"');
});
