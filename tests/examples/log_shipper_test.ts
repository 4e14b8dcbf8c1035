import { assert, assertEquals } from "@std/assert";
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LogLine } from "../../examples/log_shipper/log_line.ts";
import { Driver } from "../../mod.ts";
import { ctl, type Running, start, startCtl, until } from "../cli/program.ts";
import { test } from "../harness.ts";
import { RUNTIMES } from "./runtimes.ts";

const SHIP = fileURLToPath(new URL("../../examples/log_shipper/ship.ts", import.meta.url));

interface Place {
  folder: string;
  log: string;
  store: string;
  ship(runtime: string): Running;
}

/** Every line in a store, in order. */
async function linesIn(store: string): Promise<LogLine[]> {
  await using driver = await Driver.open("files", { root_path: store });
  if (!await driver.topicExists("logs")) return [];
  await using topic = await driver.openTopic<LogLine>("logs");
  await using consumer = topic.consumer("check");
  const lines: LogLine[] = [];
  for await (const { metadata } of consumer.events({ until: "end" })) lines.push(metadata);
  return lines;
}

async function untilLines(store: string, count: number): Promise<void> {
  await until(`${count} lines are in "${store}"`, async () => (await linesIn(store)).length >= count);
}

async function withLog(use: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-ship-"));
  const [log, store] = [join(folder, "app.log"), join(folder, "logs")];
  const running: Running[] = [];
  try {
    await use({
      folder,
      log,
      store,
      ship: (runtime) => {
        running.push(start([...RUNTIMES[runtime], SHIP, log, store]));
        return running.at(-1)!;
      },
    });
  } finally {
    for (const shipper of running) shipper.signal("SIGKILL");
    for (const shipper of running) await shipper.ended;
    rmSync(folder, { recursive: true });
  }
}

test("every line is shipped once, despite rotation, truncation and a kill, on every runtime", async () => {
  await withLog(async ({ log, store, ship }) => {
    const expected: string[] = [];
    const write = (count: number): void => {
      const lines = Array.from({ length: count }, (_, n) => `INFO line ${expected.length + n} é`);
      expected.push(...lines);
      appendFileSync(log, lines.map((line) => `${line}\n`).join(""));
    };
    write(3000);
    for (const [round, runtime] of Object.keys(RUNTIMES).entries()) {
      const shipper = ship(runtime);
      write(500);
      await untilLines(store, expected.length - 400);
      renameSync(log, `${log}.${round}`);
      write(2000);
      await untilLines(store, expected.length);
      truncateSync(log, 0);
      write(100);
      await untilLines(store, expected.length);
      write(5000);
      shipper.signal("SIGKILL");
      await shipper.ended;
    }
    const last = ship("node");
    await untilLines(store, expected.length);
    last.signal("SIGTERM");
    const { code, stderr } = await last.ended;
    assertEquals(code, 0, stderr);
    const lines = await linesIn(store);
    assertEquals(lines.map(({ line }) => line), expected);
    assert(lines.every(({ level }) => level === "info"));
  });
});

test("a line is shipped once it is complete, however long it is", async () => {
  await withLog(async ({ log, store, ship }) => {
    const long = "x".repeat(300_000);
    writeFileSync(log, `first\r\n\nhalf`);
    const shipper = ship("node");
    await untilLines(store, 2);
    appendFileSync(log, ` done\n${long}\nnot yet`);
    await untilLines(store, 4);
    shipper.signal("SIGINT");
    assertEquals((await shipper.ended).code, 0);
    assertEquals((await linesIn(store)).map(({ line }) => line), ["first", "", "half done", long]);
  });
});

test("what was shipped is forwarded, and found by its level in the central store", async () => {
  await withLog(async ({ folder, log, store, ship }) => {
    const central = ["--driver", "files", "--driver.root_path", join(folder, "central")];
    await ctl(["topic", "create", "--name", "logs", ...central]);
    writeFileSync(log, "INFO begun\nERROR disk is full\nWARNING: hot\nnothing\n");
    ship("node");
    await untilLines(store, 4);
    const config = join(folder, "forward.yaml");
    writeFileSync(
      config,
      `drivers:
  local: { type: files, options: { root_path: ${store} } }
  central: { type: files, options: { root_path: ${join(folder, "central")} } }
forward:
  - from: local/logs
    to: central/logs
`,
    );
    const forwarder = startCtl(["forward", "--config", config]);
    try {
      await untilLines(join(folder, "central"), 4);
      appendFileSync(log, "2026-11-23 ERROR again\n");
      await untilLines(join(folder, "central"), 5);
    } finally {
      forwarder.signal("SIGTERM");
      await forwarder.ended;
    }
    const filter = ["--filter", '{"level": ["error"]}'];
    const { stdout } = await ctl(["consume", "logs", ...filter, ...central]);
    const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as LogLine);
    assertEquals(lines.map(({ line }) => line), ["ERROR disk is full", "2026-11-23 ERROR again"]);
    const levels = (await linesIn(join(folder, "central"))).map(({ level }) => level);
    assertEquals(levels, ["info", "error", "warn", undefined, "error"]);
  });
});
