/**
 * The first process: turns a file into text, lines, records, events. Backpressure works in the other
 * direction: the file is read only as fast as the topic stores.
 *
 * ```sh
 * deno run -A examples/pipeline/read_weather.ts /tmp/weather-data
 * ```
 *
 * @module
 */
import { createReadStream } from "node:fs";
import process from "node:process";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Driver } from "../../mod.ts";
import { type Cell, CsvStream, LineStream } from "./csv.ts";

const weather = new URL("../../node_modules/vega-datasets/data/seattle-weather.csv", import.meta.url);
const [rootPath = "/tmp/weather-data", path = fileURLToPath(weather)] = process.argv.slice(2);

await using driver = await Driver.open("files", { root_path: rootPath });
for (const name of ["days", "months"]) {
  if (!await driver.topicExists(name)) await driver.createTopic(name, { num_partitions: 1 });
}
await using topic = await driver.openTopic<Record<string, Cell>>("days");
await using producer = topic.producer("weather");

const file = Readable.toWeb(createReadStream(path)) as unknown as ReadableStream<Uint8Array<ArrayBuffer>>;
await file
  .pipeThrough(new TextDecoderStream())
  .pipeThrough(new LineStream())
  .pipeThrough(new CsvStream())
  .pipeTo(producer.writable());
// The stream has flushed, so this event comes last.
await producer.push({ end: path });
const [{ nextId }] = await topic.describe();
console.log(`topic "days" has ${nextId} events`);
