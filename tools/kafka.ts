/**
 * Starts a Kafka broker to experiment with, and stops it on Ctrl-C. The first time, it is downloaded from
 * Maven Central; when it stops, its data is deleted.
 *
 * ```text
 * npm run kafka
 * npm run kafka -- --port 19092
 * ```
 */
import { parseArgs } from "@std/cli/parse-args";
import process from "node:process";
import { brokerMissing, Cluster } from "./kafka/broker.ts";

const args = parseArgs(process.argv.slice(2), { default: { port: 9092 } });
const port = Number(args["port"]);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  console.error(
    `Cannot listen on port ${JSON.stringify(args["port"])}: expected a whole number from 1 to 65535`,
  );
  process.exit(2);
}
if (brokerMissing !== false) {
  console.error(`Cannot start Kafka: ${brokerMissing}`);
  process.exit(1);
}
const cluster = await Cluster.start({ port, heap: "512m" });
console.log(`Kafka listens on ${cluster.servers}; stop it with Ctrl-C`);
await new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
});
await cluster.stop();
process.exit(0);
