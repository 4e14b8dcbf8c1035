/** Ships a log file: every line appended to it becomes an event of the topic `logs`.
 *
 * ```sh
 * deno run -A examples/log_shipper/ship.ts /var/log/app.log /tmp/logs-data
 * ```
 *
 * Killed at any moment and restarted, it resumes after the last line stored in the topic, so that no line is
 * lost and none is shipped twice.
 *
 * @module
 */
import process from "node:process";
import { Driver, type Topic } from "../../mod.ts";
import { levelOf, type LogLine } from "./log_line.ts";
import { tail, type TailPlace } from "./tail.ts";

const [path, rootPath = "/tmp/logs-data"] = process.argv.slice(2);
if (path === undefined) {
  console.error("Usage: ship.ts FILE [ROOT_PATH]");
  process.exit(2);
}

/** The position after this file's last line in the topic. */
async function resumePosition(topic: Topic<LogLine>): Promise<TailPlace | undefined> {
  const [{ firstId, nextId }] = await topic.describe();
  // Usually the last event is from this file, unless several shippers share the topic.
  for (let endId = nextId; endId > firstId; endId -= 100) {
    await using consumer = topic.consumer("ship-lookup", { from: { id: Math.max(firstId, endId - 100) } });
    let found: TailPlace | undefined;
    for await (const { metadata } of consumer.events({ until: { id: endId } })) {
      if (metadata.file === path) found = { inode: metadata.inode, offset: metadata.end };
    }
    if (found !== undefined) return found;
  }
  return undefined;
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());

await using driver = await Driver.open("files", { root_path: rootPath });
if (!await driver.topicExists("logs")) await driver.createTopic("logs", { num_partitions: 1 });
await using topic = await driver.openTopic<LogLine>("logs");
await using producer = topic.producer("shipper");

const from = await resumePosition(topic);
console.error(from === undefined ? `shipping ${path}` : `shipping ${path} from byte ${from.offset} on`);
let shipped = 0;
for await (const lines of tail(path, from, stop.signal)) {
  for (const { inode, offset, end, line } of lines) {
    const level = levelOf(line);
    producer.push({ file: path, inode, offset, end, line, ...(level === undefined ? {} : { level }) });
  }
  // One batch after the other: if a batch were stored after a failed one, lines would be missing in between.
  await producer.flush();
  shipped += lines.length;
}
console.error(`shipped ${shipped} lines`);
