import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatBytes, formatDuration, Progress, progressText } from "../../../src/ctl/console/progress.ts";
import { formatTable } from "../../../src/ctl/console/table.ts";
import { test } from "../../harness.ts";

test("progress shows events, bytes, rate, percentage and the time left", () => {
  assertEquals(
    progressText({ events: 1_234_000, bytes: 98_700_000 }, { bytes: 394_800_000 }, 4000),
    "1,234,000 events  98.7 MB  308,500 events/s  25 %  00:12 left",
  );
  assertEquals(progressText({ events: 0, bytes: 0 }, {}, 0), "0 events  0 B");
});

test("progress is redrawn in place and removed at the end", () => {
  const written: string[] = [];
  const progress = new Progress({ write: (text) => written.push(text), label: "copied", now: () => 0 });
  progress.done.events = 5;
  progress.draw();
  progress.stop();
  assertStringIncludes(written[0], "\r\x1b[Kcopied: 5 events");
  assertEquals(written.at(-1), "\r\x1b[K");
});

test("progress is cut to the terminal's width, since a wrapped line cannot be erased", () => {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  let columns = 20;
  const progress = new Progress({ write, columns: () => columns, label: "copied", now: () => 0 });
  progress.done.events = 1_234_567;
  progress.draw();
  columns = 100;
  progress.draw();
  progress.stop();
  assertEquals(written.slice(0, 2), [
    "\r\x1b[Kcopied: 1,234,567 e",
    "\r\x1b[Kcopied: 1,234,567 events  0 B",
  ]);
});

test("progress beside a wide label is cut by columns, not by characters", () => {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  const progress = new Progress({ write, columns: () => 12, label: "読み取り済み", now: () => 0 });
  progress.draw();
  progress.stop();
  assertEquals(written[0], "\r\x1b[K読み取り済");
});

test("sizes and durations are short", () => {
  assertEquals([0, 999, 1000, 123_456_789].map(formatBytes), ["0 B", "999 B", "1.0 kB", "123.5 MB"]);
  assertEquals([0, 61, 3723].map(formatDuration), ["00:00", "01:01", "1:02:03"]);
});

test("a table aligns texts to the left and numbers to the right", () => {
  assertEquals(formatTable(["name", "events"], [["a", 5], ["longer", 12345]]), [
    "name    events",
    "a            5",
    "longer   12345",
  ]);
});
