/**
 * The driver for Apache Kafka. Importing this module makes the names `"kafka"` and `"octopus"` known to
 * `Driver.open`; a program that never does downloads nothing of Kafka. Beside it the client has to be there,
 * which Deno brings by itself and npm with `npm install @platformatic/kafka`.
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
