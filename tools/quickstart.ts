/**
 * A real stream in a minute: pushes 200,000 flights to a topic of four partitions; a consumer in another process
 * is killed half-way, started again, and misses none.
 *
 * ```text
 * npm run quickstart
 * ```
 */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Driver, type Topic } from "../mod.ts";
import { quoted } from "../page/command_line.ts";
import { runConsumer } from "./quickstart/consumer_process.ts";
import { type Flight, FLIGHTS_FILE, TOPIC } from "./quickstart/flight.ts";

const NAME = "distances";
const KILL_AFTER = 105_000;

/** Events/s since a moment, as text. */
function rate(events: number, since: number): string {
  const seconds = (performance.now() - since) / 1000;
  return `${(events / seconds / 1e6).toFixed(2)} M events/s`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}

/** Prints a line of the summary. */
function say(what: string, ...rest: string[]): void {
  console.log([what.padEnd(10), ...rest].join("  "));
}

async function push(topic: Topic<Flight>, flights: readonly Flight[]): Promise<void> {
  await using producer = topic.producer("quickstart");
  const began = performance.now();
  for (const flight of flights) producer.push(flight);
  await producer.flush();
  say(
    "pushed",
    `${count(flights.length)} flights, each serialized to JSON once:`,
    rate(flights.length, began),
  );
}

/** Reads everything under a new consumer name, and returns the sum of the distances. */
async function pullAll(topic: Topic<Flight>): Promise<number> {
  await using consumer = topic.consumer("rate");
  let [events, distance] = [0, 0];
  await consumer.ready();
  const began = performance.now();
  for await (const batch of consumer.batches({ until: "end" })) {
    for (const event of batch) distance += event.metadata.distance;
    events += batch.length;
  }
  say("pulled", `${count(events)} flights, each parsed once:`, rate(events, began));
  return distance;
}

async function killAndResume(rootPath: string): Promise<number> {
  const killed = await runConsumer(rootPath, NAME, KILL_AFTER);
  const again = killed.read - killed.acknowledged;
  say(
    "consumed",
    `process ${killed.pid} read ${count(killed.read)}, acknowledged ${count(killed.acknowledged)}`,
  );
  say("", `and was killed by ${killed.signal ?? "no one"}`);
  const rest = await runConsumer(rootPath, NAME);
  say("", `process ${rest.pid} read ${count(rest.read)} and acknowledged ${count(rest.acknowledged)}:`);
  say("", `none is missing; the ${count(again)} not yet acknowledged came twice`);
  return killed.distance + rest.distance;
}

const flights: Flight[] = JSON.parse(readFileSync(FLIGHTS_FILE, "utf8"));
const rootPath = mkdtempSync(join(tmpdir(), "diaspora-quickstart-"));
await using driver = await Driver.open("files", { root_path: rootPath });
await driver.createTopic(TOPIC, { num_partitions: 4 });
await using topic = await driver.openTopic<Flight>(TOPIC);

await push(topic, flights);
const pulled = await pullAll(topic);
const acknowledged = await killAndResume(rootPath);

for (const { partition, firstId, nextId, bytes } of await topic.describe()) {
  say(
    `partition ${partition}`,
    `ids ${count(firstId)} to ${count(nextId - 1)}, ${(bytes / 1e6).toFixed(1)} MB`,
  );
}
const expected = flights.reduce((sum, { distance }) => sum + distance, 0);
const right = expected === pulled && expected === acknowledged;
say(
  "miles",
  `${count(expected)} in the source, ${count(pulled)} pulled, ${count(acknowledged)} acknowledged:`,
);
say("", right ? "the sums agree" : "THE SUMS DIFFER, which is a bug");

const place = quoted(rootPath);
const where = `--store ${place}`;
console.log(`
Look further (npm run -s ctl -- runs diaspora-ctl from this clone):

npm run -s ctl -- topic describe ${TOPIC} ${where}
npm run -s ctl -- consumer lag ${TOPIC} ${where}
npm run -s ctl -- consume ${TOPIC} --max 3 --json ${where}
npm run -s ctl -- consume ${TOPIC} --filter '{"delay": [{"numeric": [">", 1000]}]}' ${where}
rm -r ${place}`);
process.exitCode = right ? 0 : 1;
