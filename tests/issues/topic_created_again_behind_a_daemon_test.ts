// A topic was deleted and created again while `fifo` or `forward` ran. Both kept topics open under their names for as
// long as they ran: every later command of `fifo` for that name, and every further attempt of `forward`, failed with
// "was deleted", while lines were read from the FIFO and stored nowhere. Only a restart of the daemon helped. Now each
// FIFO and each attempt opens its own topic. And a policy of `forward` that could not move past removed events, because
// its topic was missing at that moment, ended the daemon with all other policies; it is retried like any other failure.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Driver, type Topic, TopicNotFoundError } from "../../mod.ts";
import { plain } from "../../src/ctl/console/colour.ts";
import { Log } from "../../src/ctl/console/log.ts";
import { FifoDaemon } from "../../src/ctl/fifo/daemon.ts";
import { parseForwardConfig } from "../../src/ctl/forward/config.ts";
import { runForward } from "../../src/ctl/forward/forwarder.ts";
import { spawn } from "../child_processes.ts";
import { test } from "../harness.ts";
import { until } from "../waiting.ts";

interface Place {
  folder: string;
  driver: Driver;
  log: Log;
  signal: AbortSignal;
  /** What was logged so far. */
  lines: string[];
}

/** Runs a daemon in this process. */
async function beside(
  prepare: (driver: Driver) => Promise<void>,
  run: (place: Place) => Promise<void>,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-again-"));
  const stopping = new AbortController();
  const lines: string[] = [];
  try {
    await using driver = await Driver.open("files", { root_path: join(folder, "store") });
    const log = new Log({ write: (line) => void lines.push(line), paint: plain, level: "info" });
    const place = { folder, driver, log, signal: stopping.signal, lines };
    await prepare(driver);
    const daemon = run(place);
    try {
      await use(place);
    } finally {
      stopping.abort();
      await daemon;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function again(driver: Driver, name: string): Promise<void> {
  await driver.deleteTopic(name);
  await driver.createTopic(name);
}

/** The metadata that a topic has now. */
async function stored(driver: Driver, name: string): Promise<unknown[]> {
  await using topic = await driver.openTopic(name);
  const all: unknown[] = [];
  for await (const { metadata } of topic.consumer("test").events({ until: "end" })) all.push(metadata);
  return all;
}

const isFifo = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;

/** Writes a line to a FIFO; a process of its own, since opening it blocks. */
const write = (path: string, line: string): void =>
  void execFileSync("sh", ["-c", 'printf "%s\\n" "$2" > "$1"', "sh", path, line]);

const withFifo = (use: (place: Place) => Promise<void>): Promise<void> =>
  beside((driver) => driver.createTopic("t"), async ({ folder, driver, log, signal }) => {
    await new FifoDaemon({ driver, log, signal }).run(join(folder, "control"));
  }, async (place) => {
    await until("the control FIFO is there", () => isFifo(join(place.folder, "control")));
    await use(place);
  });

const options = { skip: process.platform === "win32" && "Windows has no FIFOs" } as const;

test("a command of fifo opens a topic that was created again", options, async () => {
  await withFifo(async ({ folder, driver, lines }) => {
    const [control, path] = [join(folder, "control"), join(folder, "in")];
    for (const text of ["of the first", "of the second"]) {
      write(control, `${path} -> t`);
      await until("the FIFO is there", () => isFifo(path));
      write(path, text);
      await until("the line is stored", async () => (await stored(driver, "t")).includes(text));
      await again(driver, "t");
      write(path, "of none");
      await until("the FIFO has ended", () => !existsSync(path));
    }
    assertEquals(lines.filter((line) => line.includes("was deleted")).length, 2);
  });
});

// Then it said so for each batch, for as long as the daemon ran.
test("fifo ends an outlet at once when its consumer was deleted, as consume does", options, async () => {
  await withFifo(async ({ folder, driver, lines }) => {
    const path = join(folder, "out");
    execFileSync("mkfifo", [path]);
    const reader = spawn("sh", ["-c", 'exec cat "$1" > /dev/null', "sh", path], { stdio: "ignore" });
    const ended = once(reader, "exit");
    try {
      write(join(folder, "control"), `${path} <- t (ack=true, name=n)`);
      await using topic = await driver.openTopic("t");
      await topic.producer().push(1);
      await until("it is acknowledged", async () => (await topic.consumers()).includes("n"));
      await topic.deleteConsumer("n");
      await topic.producer().push(2);
      const isSaid = (line: string) => line.includes(`FIFO "${path}" ended`) && line.includes("was deleted");
      await until("it is said", () => lines.some(isSaid));
    } finally {
      reader.kill("SIGKILL");
      await ended;
    }
  });
});

const [POLICY] = parseForwardConfig(
  "drivers: { d: { type: memory } }\nforward:\n  - { from: d/a, to: d/b }",
  "forward.yaml",
).policies;

/** Forwards "a" to "b", opened by `open`, which `prepare` fills. */
const withForward = (
  { prepare = async () => {}, open = (driver, name) => driver.openTopic(name) }: {
    prepare?: (a: Topic) => Promise<void>;
    open?: (driver: Driver, name: string) => Promise<Topic>;
  },
  use: (place: Place) => Promise<void>,
): Promise<void> =>
  beside(async (driver) => {
    await driver.createTopic("b");
    await driver.createTopic("a", { segment_bytes: 4096 });
    await using topic = await driver.openTopic("a");
    await prepare(topic);
  }, async ({ driver, log, signal }) => {
    await runForward({ policy: POLICY!, plugins: {}, open: ({ topic }) => open(driver, topic), log, signal });
  }, use);

test("forward goes on with topics that were created again", async () => {
  await withForward({}, async ({ driver, lines }) => {
    await until("forwarding has begun", () => lines.some((line) => line.includes("Forwarding")));
    for (const name of ["b", "a"]) {
      await again(driver, name);
      await using topic = await driver.openTopic("a");
      await topic.producer().push({ name });
      await until(
        "it is forwarded",
        async () => (await stored(driver, "b")).some((event) => (event as { name?: string }).name === name),
      );
    }
  });
});

test("forward retries when it cannot move past removed events", async () => {
  let opened = 0;
  const open = (driver: Driver, name: string): Promise<Topic> => {
    // An attempt opens two topics; the third is opened to move past what was removed.
    if (++opened === 3) throw new TopicNotFoundError(name, "here");
    return driver.openTopic(name);
  };
  const prepare = async (a: Topic): Promise<void> => {
    await using producer = a.producer("test", { batchSize: 10 });
    for (let n = 0; n < 100; n++) producer.push({ n, text: "x".repeat(100) });
    await producer.flush();
    await a.seekConsumer("d/a->d/b", { id: 0 });
    await a.trim({ beforeId: 90 });
  };
  await withForward({ prepare, open }, async ({ driver, lines }) => {
    const isLast = (metadata: unknown): boolean => (metadata as { n: number }).n === 99;
    await until("the last event is forwarded", async () => (await stored(driver, "b")).some(isLast));
    assertStringIncludes(lines.join(""), "trying again");
  });
});
