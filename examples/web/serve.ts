/**
 * Serves readings over HTTP:
 *
 * ```sh
 * deno run -A examples/web/serve.ts /tmp/web-data 8080
 * ```
 *
 * `npx tsx` and `bun` run it as well.
 *
 * @module
 */
import { serve } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { Driver } from "../../mod.ts";
import { makeApp } from "./app.ts";
import { Reading } from "./reading.ts";

const [rootPath = "/tmp/web-data", port = "8080"] = process.argv.slice(2);

const driver = await Driver.open("files", { root_path: rootPath });
if (!await driver.topicExists("readings")) {
  await driver.createTopic("readings", { num_partitions: 1 }, { validator: Reading });
}
const topic = await driver.openTopic("readings", { validator: Reading });

const server = serve(
  { fetch: makeApp(topic).fetch, hostname: "127.0.0.1", port: Number(port) },
  (address) => console.log(`http://127.0.0.1:${(address as AddressInfo).port}`),
);

/** Closing the driver ends the streams, and flushes what was pushed. */
async function stop(): Promise<void> {
  server.close();
  await driver.close();
  process.exit(0);
}
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
