import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CsvStream, LineStream } from "../../examples/pipeline/csv.ts";
import { Driver } from "../../mod.ts";
import { start } from "../cli/program.ts";
import { run } from "../components/runtimes.ts";
import { test } from "../harness.ts";
import { RUNTIMES } from "./runtimes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

interface Month {
  month: string;
  days: number;
  precipitation: number;
  warmest: number;
}

/** The months, computed from the file. */
function expectedMonths(): Month[] {
  const file = join(root, "node_modules/vega-datasets/data/seattle-weather.csv");
  const months = new Map<string, Month>();
  for (const line of readFileSync(file, "utf8").trimEnd().split(/\r?\n/).slice(1)) {
    const [date, precipitation, warmest] = line.split(",");
    const name = date.slice(0, 7);
    const month = months.get(name) ?? { month: name, days: 0, precipitation: 0, warmest: -Infinity };
    month.days++;
    month.precipitation += Number(precipitation);
    month.warmest = Math.max(month.warmest, Number(warmest));
    months.set(name, month);
  }
  const round = (value: number): number => Math.round(value * 10) / 10;
  return [...months.values()].map((month) => ({ ...month, precipitation: round(month.precipitation) }));
}

async function storedMonths(rootPath: string): Promise<Month[]> {
  await using driver = await Driver.open("files", { root_path: rootPath });
  await using topic = await driver.openTopic<Month>("months");
  await using consumer = topic.consumer("check");
  const months: Month[] = [];
  for await (const { metadata } of consumer.events({ until: "end" })) months.push(metadata);
  return months;
}

async function withStore(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-pipeline-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const program = (runtime: string, file: string, folder: string): string[] => [
  ...RUNTIMES[runtime],
  join(root, "examples/pipeline", file),
  folder,
];

const circle = Object.keys(RUNTIMES);
for (const [index, reader] of circle.entries()) {
  const summariser = circle[(index + 1) % circle.length];
  test(`days streamed in by ${reader} become months in ${summariser}, at the same time`, async () => {
    await withStore(async (folder) => {
      const months = start(program(summariser, "summarise_months.ts", folder));
      const days = await run(program(reader, "read_weather.ts", folder), root);
      assertEquals([days.code, days.output.trim()], [0, 'topic "days" has 1462 events'], days.errors);
      const { code, stdout, stderr } = await months.ended;
      assertEquals(code, 0, stderr);
      assertStringIncludes(stdout, "2012-01: 31 days, ");
      assertStringIncludes(stdout, "\n48 months\n");
      assertEquals(await storedMonths(folder), expectedMonths());
    });
  });
}

test("a pipeline that is killed restarts with the month it was at", async () => {
  await withStore(async (folder) => {
    const days = await run(program("node", "read_weather.ts", folder), root);
    assertEquals(days.code, 0, days.errors);
    const killed = start(program("node", "summarise_months.ts", folder));
    killed.child.stdout!.once("data", () => killed.signal("SIGKILL"));
    await killed.ended;
    const before = (await storedMonths(folder)).length;
    assert(before > 0, "it was killed before it did anything");
    const again = await run(program("node", "summarise_months.ts", folder), root);
    assertEquals(again.code, 0, again.errors);
    const months = await storedMonths(folder);
    // A kill between storing a summary and acknowledging its month stores that summary twice.
    const once = months.filter(({ month }, at) => month !== months[at - 1]?.month);
    assertEquals(once, expectedMonths());
  });
});

test("lines and records are whole, however the text is split", async () => {
  const text = "a,b\r\n1,x\n\n2.5,y";
  for (let size = 1; size < 8; size++) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    const records = ReadableStream.from(pieces).pipeThrough(new LineStream()).pipeThrough(new CsvStream());
    const found: unknown[] = [];
    for await (const record of records) found.push(record);
    assertEquals(found, [{ a: 1, b: "x" }, { a: "", b: undefined }, { a: 2.5, b: "y" }]);
  }
});
