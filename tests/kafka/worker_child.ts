// A consumer in a separate process: prints what it got, and acknowledges each event. Started by the tests.
import process from "node:process";
import { Driver, PartitionMovedError } from "../../mod.ts";

const [servers, topicName, name] = process.argv.slice(2);

await using driver = await Driver.open("octopus", {
  kafka: { "bootstrap.servers": servers, "heartbeat.interval.ms": 300, "session.timeout.ms": 3000 },
});
await using topic = await driver.openTopic(topicName);
await using consumer = topic.consumer(name);
await consumer.ready();
process.stdout.write("ready\n");
const stopping = new AbortController();
process.stdin.on("end", () => stopping.abort()).resume();
try {
  for await (const event of consumer.events({ signal: stopping.signal })) {
    process.stdout.write(`${event.partition}:${event.id}\n`);
    try {
      await event.acknowledge();
    } catch (error) {
      // Its partition has moved to another member, which gets the event again.
      if (!(error instanceof PartitionMovedError)) throw error;
    }
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error;
}
