/**
 * The driver for Apache Kafka. Importing this module registers the names `"kafka"` and `"octopus"` with
 * `Driver.open`; programs that never import it download nothing of Kafka. The client must be installed as well,
 * which Deno does automatically and npm with `npm install @platformatic/kafka`.
 *
 * @example
 * ```ts
 * import "@diaspora/stream/kafka";
 * import { driverNames } from "@diaspora/stream";
 *
 * // From now on: Driver.open("kafka", { kafka: { "bootstrap.servers": "localhost:9092" } })
 * console.log(driverNames().includes("kafka")); // true
 * ```
 *
 * @module
 */
import type { DriverInterface } from "../contract.ts";
import type { JsonObject } from "../json.ts";
import { registerDriver } from "../drivers/registry.ts";

/** Opens the driver: what `Driver.open("kafka", …)` calls. */
export async function openKafka(options: JsonObject): Promise<DriverInterface> {
  return await (await import("../drivers/kafka/driver.ts")).OctopusDriver.open(options);
}

registerDriver("kafka", openKafka);
registerDriver("octopus", openKafka);
