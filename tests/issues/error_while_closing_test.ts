// When a command failed and what it had open could not be closed for the same reason (a full disk, a deleted topic), it
// said "An error was suppressed during disposal" instead of what had failed, and its exit code was that of any failure.
import { assertEquals } from "@std/assert";
import { TopicDeletedError } from "../../mod.ts";
import type { Log } from "../../src/ctl/console/log.ts";
import { EXIT } from "../../src/ctl/exit_codes.ts";
import { exitCodeOf, reportError } from "../../src/ctl/report.ts";
import { test } from "../harness.ts";

/** Closing fails, too, as often as asked. */
async function failing(closings: number): Promise<void> {
  if (closings === 0) throw new TopicDeletedError("t");
  await using _open = { [Symbol.asyncDispose]: () => Promise.reject(new Error("closing failed")) };
  await failing(closings - 1);
}

test("a command that fails, and fails to close what it had open, says what failed first", async () => {
  for (const closings of [0, 1, 2]) {
    const lines: string[] = [];
    const log = { error: (line: string) => lines.push(line), shows: () => false } as unknown as Log;
    const error = await failing(closings).catch((error: unknown) => error);
    reportError(error, log);
    assertEquals([lines, exitCodeOf(error)], [['Cannot use topic "t": it was deleted'], EXIT.noSuchTopic]);
  }
});
