// The page of what is done daily: our commands work in the order given, and the characters are counted right.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { test } from "../harness.ts";
import { PROGRAM, run, withFolder } from "./program.ts";

/** What is typed for a task with each tool, and the number after it. */
interface Task {
  commands: ({ line: string; count: number } | undefined)[];
  difference: number;
}

/** The name of a context, which ours may be longer by. */
const CONTEXT_NAME = "production";

function tasks(): Task[] {
  const page = readFileSync(new URL("../../docs/daily.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| [^|]+\| (`dctl .*) \|$/gm)].map(([, cells]) => cells!.split("|"));
  return rows.map((cells) => ({
    commands: cells.slice(0, -1).map((cell) => {
      const match = /`(.*)` (\d+)/.exec(cell);
      return match === null ? undefined : { line: match[1]!, count: Number(match[2]) };
    }),
    difference: Number(cells.at(-1)),
  }));
}

test("the page of daily tasks counts characters right, and none of ours is longer by more than a context's name", () => {
  const all = tasks();
  assertEquals(all.length, 20);
  for (const { commands: [ours, ...others], difference } of all) {
    assert(ours !== undefined);
    const counted = [ours, ...others].filter((command) => command !== undefined);
    for (const { line, count } of counted) assertEquals(count, line.length, line);
    const shortest = Math.min(...counted.slice(1).map(({ count }) => count));
    assertEquals(difference, ours.count - shortest, ours.line);
    assert(difference <= CONTEXT_NAME.length, `"${ours.line}" is longer by ${difference}`);
  }
});

const compiled = process.env["DIASPORA_CTL"] !== undefined && "the session is run from the source";

test("the commands of the page of daily tasks work, one after the other", { skip: compiled }, async () => {
  await withFolder(async ({ folder, root }) => {
    writeFileSync(join(folder, "clicks.jsonl"), '{"n":1}\n{"n":2}\n{"n":3}\n');
    const lines = tasks().map(({ commands: [ours] }) => ours!.line);
    const { stdout, stderr } = await run(
      [
        ...PROGRAM.slice(0, -1),
        fileURLToPath(new URL("daily_session.ts", import.meta.url)),
        `dctl context add ${CONTEXT_NAME} --store '${root}' --use`,
        ...lines,
      ],
      { folder, environment: { XDG_CONFIG_HOME: folder, STORE: root } },
    );
    for (const line of lines) assertStringIncludes(stdout, `${line}: 0\n`, stderr);
    for (const printed of ['{"n":4}\n', '{"n":6}\n', "\nclicks\tapp\n", '\n0 1 {"n":']) {
      assertStringIncludes(stdout, printed);
    }
  });
});
