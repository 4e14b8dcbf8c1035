/**
 * How long the web page's server takes to answer each view's requests, for a topic with many partitions and
 * consumers; alone, and while events arrive and many slow live tails are connected.
 *
 * ```text
 * deno run -A -c deno.npm-only.json bench/page_load.ts
 * deno run -A -c deno.npm-only.json bench/page_load.ts --partitions 600 --consumers 60 --tails 200 --json
 * ```
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Driver, type Topic } from "../mod.ts";
import { commandOn } from "./suite/runtimes.ts";

/** Time limit of every view. */
const GOAL_MS = 1000;
const TOPIC = "wide";
const ROUNDS = 3;

/** The first requests of each view. */
const VIEWS: readonly (readonly [view: string, path: string])[] = [
  ["topics", "api/topics?limit=50"],
  ["topics, by lag", "api/topics?sort=-lag&limit=50"],
  ["consumers of all topics", "api/consumers?limit=100"],
  ["a topic and its partitions", `api/topics/${TOPIC}`],
  ["its samples", `api/topics/${TOPIC}/samples`],
  ["its rates", `api/topics/${TOPIC}/rates`],
  ["its consumers", `api/topics/${TOPIC}/consumers?limit=20`],
  ["newest events of all partitions", `api/topics/${TOPIC}/latest?limit=50`],
  ["events of one partition", `api/topics/${TOPIC}/events?partition=1`],
  ["a filter over all partitions", `api/topics/${TOPIC}/latest?limit=50&text=nowhere`],
  ["segments of a partition", `api/topics/${TOPIC}/segments?partition=1`],
  ["/metrics", "metrics"],
];

/** How long a view's first request and the later ones took. */
interface Taken {
  view: string;
  firstMs: number;
  /** The slowest of the later ones. */
  thenMs: number;
  /** Processor time of the server per request, which other programs do not affect; measured over ten. */
  cpuMs: number;
}

async function fill(
  topic: Topic,
  { events, consumers }: { events: number; consumers: number },
): Promise<void> {
  await using producer = topic.producer();
  for (let n = 0; n < events; n++) producer.push({ n, detector: n % 7, note: "as events are" });
  await producer.flush();
  if (consumers > 0) await topic.seekConsumer("consumer_0", { id: 0 });
}

/** More consumers like the first one: a seek over many partitions takes seconds. */
function copyConsumers(root: string, consumers: number): void {
  const folder = join(root, TOPIC, "consumers");
  for (let n = 1; n < consumers; n++) {
    const copy = join(folder, `consumer_${n}`);
    cpSync(join(folder, "consumer_0"), copy, { recursive: true });
    writeFileSync(join(copy, "name"), `consumer_${n}`);
  }
}

/** A server in a separate process. */
async function serve(root: string): Promise<{ url: string; server: ChildProcess }> {
  const [command, ...words] = commandOn("deno", "cli.ts");
  const server = spawn(command, [...words, "ui", "--store", root, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = await once(createInterface(server.stdout!), "line");
  return { url, server };
}

async function timed(url: string, path: string): Promise<number> {
  const beganMs = performance.now();
  const answer = await fetch(url + path);
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${path} is answered with ${answer.status}`);
  return performance.now() - beganMs;
}

async function measure(url: string, pid: number): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (const [view, path] of VIEWS) {
    const before = useOf(pid);
    const firstMs = await timed(url, path);
    let thenMs = 0;
    for (let round = 0; round < ROUNDS; round++) thenMs = Math.max(thenMs, await timed(url, path));
    const cpuMs = (useOf(pid).seconds - before.seconds) * 1000 / (1 + ROUNDS);
    taken.push({ view, firstMs, thenMs, cpuMs });
    console.error(
      `${view}: ${Math.round(firstMs)} ms, then ${Math.round(thenMs)} ms, processor ${Math.round(cpuMs)} ms`,
    );
  }
  return taken;
}

/** A live tail that is connected and reads no more than it must. */
async function slowTail(url: string): Promise<IncomingMessage> {
  const [response] = await once(get(`${url}api/topics/${TOPIC}/live`, { agent: false }), "response");
  response.pause();
  return response;
}

/** Processor time of a process in seconds, and its memory in bytes; NaN without /proc. */
function useOf(pid: number): { seconds: number; bytes: number } {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return { seconds: (Number(fields[11]) + Number(fields[12])) / 100, bytes: Number(fields[21]) * 4096 };
  } catch {
    return { seconds: NaN, bytes: NaN };
  }
}

const { partitions, consumers, tails, events, json } = parseArgs(process.argv.slice(2), {
  string: ["partitions", "consumers", "tails", "events"],
  boolean: ["json"],
  default: { partitions: "600", consumers: "60", tails: "200", events: "60000" },
});
const folder = mkdtempSync(join(tmpdir(), "diaspora-page-load-"));
const root = join(folder, "store");
let running: ChildProcess | undefined;
try {
  await using driver = await Driver.open("files", { root_path: root });
  await driver.createTopic(TOPIC, { num_partitions: Number(partitions) });
  await using topic = await driver.openTopic(TOPIC);
  await fill(topic, { events: Number(events), consumers: Number(consumers) });
  copyConsumers(root, Number(consumers));
  const { url, server } = await serve(root);
  running = server;
  const alone = await measure(url, server.pid!);
  const responses = await Promise.all(Array.from({ length: Number(tails) }, () => slowTail(url)));
  const pushing = new AbortController();
  const pushed = (async () => {
    await using producer = topic.producer();
    for (let n = 0; !pushing.signal.aborted; n++) {
      for (let at = 0; at < 100; at++) producer.push({ n, at });
      await producer.flush();
      await delay(100, undefined, { signal: pushing.signal }).catch(() => {});
    }
  })();
  const before = useOf(server.pid!);
  const beganMs = performance.now();
  const withTails = await measure(url, server.pid!);
  const after = useOf(server.pid!);
  const coreShare = (after.seconds - before.seconds) / ((performance.now() - beganMs) / 1000);
  pushing.abort();
  await pushed;
  for (const response of responses) response.destroy();
  const results = { partitions, consumers, tails, alone, withTails, coreShare, bytes: after.bytes };
  if (json) console.log(JSON.stringify(results));
  else {
    const row = (name: string, values: (string | number)[]): void =>
      console.log(name.padEnd(34) + values.map((value) => String(value).padStart(12)).join(""));
    console.log(`${partitions} partitions, ${consumers} consumers, ${tails} slow tails; milliseconds`);
    row("", ["first", "then", "processor", "with tails", "then", "processor"]);
    for (const [at, { view, ...times }] of alone.entries()) {
      const other = withTails[at];
      if (other !== undefined) {
        row(
          view,
          [times, other].flatMap(({ firstMs, thenMs, cpuMs }) => [firstMs, thenMs, cpuMs]).map(Math.round),
        );
      }
    }
    console.log(`with tails ${coreShare.toFixed(2)} cores, ${Math.round(after.bytes / 1e6)} MB`);
  }
  // Prometheus waits longer than people do.
  const views = [...alone, ...withTails].filter(({ view }) => view !== "/metrics");
  const slowest = Math.max(...views.flatMap(({ firstMs, thenMs }) => [firstMs, thenMs]));
  if (slowest > GOAL_MS) {
    console.error(`A view took ${Math.round(slowest)} ms, the goal is ${GOAL_MS} ms`);
    process.exitCode = 1;
  }
} finally {
  running?.kill("SIGTERM");
  if (running !== undefined && running.exitCode === null) await once(running, "exit");
  rmSync(folder, { recursive: true, force: true });
}
