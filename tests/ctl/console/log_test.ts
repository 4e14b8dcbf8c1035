import { assertEquals } from "@std/assert";
import { painterFor, plain } from "../../../src/ctl/console/colour.ts";
import { Log, LOG_LEVELS } from "../../../src/ctl/console/log.ts";
import { test } from "../../harness.ts";

test("a log line has time, level and text", () => {
  const lines: string[] = [];
  const now = () => new Date(2026, 10, 23, 15, 48, 0, 123);
  new Log({ write: (text) => lines.push(text), paint: plain, level: "info", now }).info("text");
  assertEquals(lines, ["[2026-11-23 15:48:00.123] [info] text\n"]);
});

test("lines below the level are not written, and off writes nothing", () => {
  for (const level of LOG_LEVELS) {
    const written: string[] = [];
    const log = new Log({ write: (text) => written.push(text), paint: plain, level });
    for (const method of ["trace", "debug", "info", "warn", "error"] as const) log[method]("x");
    assertEquals(written.length, Math.max(0, 5 - LOG_LEVELS.indexOf(level)));
  }
});

test("colour is used on a terminal only, and not with NO_COLOR", () => {
  const painted = (...of: Parameters<typeof painterFor>) => painterFor(...of)("red", "x") !== "x";
  assertEquals(painted({ isTTY: true }, {}), true);
  assertEquals(painted({ isTTY: false }, {}), false);
  assertEquals(painted({}, {}), false);
  assertEquals(painted({ isTTY: true }, { NO_COLOR: "1" }), false);
  assertEquals(painted({ isTTY: true }, { TERM: "dumb" }), false);
  assertEquals(painted({ isTTY: true }, {}, false), false);
  assertEquals(painted({ isTTY: false }, { NO_COLOR: "1" }, true), true);
});

test("as JSON, a log line is one document on one line, with the code of an error", () => {
  const lines: string[] = [];
  const now = () => new Date(Date.UTC(2026, 10, 23, 15, 48, 0, 123));
  const log = new Log({ write: (text) => lines.push(text), paint: plain, level: "trace", json: true, now });
  log.error('a "text"\u202e\u001b', "ERR_STORAGE");
  log.trace("two\nlines");
  assertEquals(lines, [
    '{"time":"2026-11-23T15:48:00.123Z","level":"error","message":"a \\"text\\"\\u202e\\u001b","code":"ERR_STORAGE"}\n',
    '{"time":"2026-11-23T15:48:00.123Z","level":"trace","message":"two\\nlines"}\n',
  ]);
});
