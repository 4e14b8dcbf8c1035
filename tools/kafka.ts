/**
 * Starts a Kafka broker to experiment with, and stops it on Ctrl-C. The first time, it is downloaded from
 * Maven Central; when it stops, its data is deleted.
 *
 * ```text
 * npm run kafka
 * npm run kafka -- --port 19092
 * npm run kafka -- --version 2.8.2
 * ```
 */
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { Cluster } from "./kafka/broker.ts";
import { findDistribution, KAFKA_VERSION, OLDEST_VERSION } from "./kafka/distribution.ts";

const given = taskArguments({ string: ["port", "version"] }).texts;
const port = Number(given["port"] ?? 9092);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  console.error(
    `Cannot listen on port ${JSON.stringify(given["port"])}: expected a whole number from 1 to 65535`,
  );
  process.exit(2);
}
const version = given["version"] ?? KAFKA_VERSION;
if (!/^\d+\.\d+\.\d+$/.test(version)) {
  console.error(
    `Cannot start Kafka ${JSON.stringify(version)}: expected a version like ${KAFKA_VERSION}; ` +
      `${OLDEST_VERSION} is the oldest supported one`,
  );
  process.exit(2);
}
const distribution = findDistribution(version);
if ("missing" in distribution) {
  console.error(`Cannot start Kafka: ${distribution.missing}`);
  process.exit(1);
}
const cluster = await Cluster.start({ port, version, heap: "512m" });
console.log(`Kafka ${version} listens on ${cluster.servers}; stop it with Ctrl-C`);
await new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
});
await cluster.stop();
process.exit(0);
