/** Serves a page that plots a run live: the counts in the region around the peak, over the temperature.
 *
 * ```sh
 * deno run -A examples/scientific/watch.ts /tmp/run-data 8081
 * ```
 *
 * @module
 */
import { serve } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { Driver } from "../../mod.ts";
import type { Frame } from "./frame.ts";
import { makePlot } from "./plot.ts";

const [rootPath = "/tmp/run-data", port = "8081"] = process.argv.slice(2);

const driver = await Driver.open("files", { root_path: rootPath });
const topic = await driver.openTopic<Frame>("frames");
const server = serve(
  { fetch: makePlot(topic).fetch, hostname: "127.0.0.1", port: Number(port) },
  (address) => console.log(`http://127.0.0.1:${(address as AddressInfo).port}`),
);

async function stop(): Promise<void> {
  server.close();
  await driver.close();
  process.exit(0);
}
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
