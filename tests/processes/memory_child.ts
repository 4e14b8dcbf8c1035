// Pushes or reads many events in one of several ways, and reports how much memory the process used at most, in
// addition to what it used at the start. The programs keep nothing, so what grows is the library's.
import process from "node:process";
import { Driver, FullDataSelector } from "../../mod.ts";
import { peakMemoryBytes } from "../../src/ctl/bench/stopwatch.ts";

const [rootPath, task, countText, dataBytesText] = process.argv.slice(2);
const count = Number(countText);
const data = new Uint8Array(Number(dataBytesText)).fill(7);

await using driver = await Driver.open("files", { root_path: rootPath });
await using topic = await driver.openTopic<{ id: number }>("events");
const startMiB = process.memoryUsage().rss / 2 ** 20;
let seen = 0;

if (task === "push") {
  await using producer = topic.producer("writer");
  for (let n = 0; n < count; n++) {
    const metadata = {
      id: n,
      detector: `d${n % 8}`,
      energy: 42.5 + n,
      tag: "a tag of some length, as events have",
    };
    data.length > 0 ? producer.push(metadata, data) : producer.push(metadata);
    seen++;
  }
  await producer.flush();
} else if (task === "batches" || task === "events") {
  await using consumer = topic.consumer(task);
  let sum = 0;
  if (task === "events") {
    for await (const event of consumer.events({ until: "end" })) sum += event.metadata.id;
  } else {
    for await (const events of consumer.batches({ until: "end" })) {
      for (const event of events) sum += event.metadata.id;
    }
  }
  seen = sum === count * (count - 1) / 2 ? count : -1;
} else {
  await using consumer = topic.consumer("data", {
    dataSelector: FullDataSelector,
    dataAllocator: () => data,
  });
  for await (const event of consumer.events({ until: "end" })) {
    if (event.data?.[data.length - 1] === 7) seen++;
  }
}
const peakMiB = peakMemoryBytes() / 2 ** 20;
console.log(JSON.stringify({ seen, grownMiB: Math.round(peakMiB - startMiB) }));
