/** Simulates a run of an instrument: frames with metadata, and a raster as data.
 *
 * ```sh
 * deno run -A examples/scientific/instrument.ts /tmp/run-data 200 50
 * ```
 *
 * 200 frames, one every 50 ms; `npx tsx` and `bun` run it as well.
 *
 * @module
 */
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { Driver } from "../../mod.ts";
import { type Frame, simulate } from "./frame.ts";

const [rootPath = "/tmp/run-data", frames = "200", intervalMs = "50"] = process.argv.slice(2);

await using driver = await Driver.open("files", { root_path: rootPath });
if (!await driver.topicExists("frames")) await driver.createTopic("frames", { flush_behavior: "on_flush" });
await using topic = await driver.openTopic<Frame>("frames");
await using producer = topic.producer("instrument");

const run = new Date().toISOString();
for (let frame = 0; frame < Number(frames); frame++) {
  const { metadata, raster } = simulate(run, frame);
  // Each raster is a new array, so nothing changes it after the push.
  producer.push(metadata, raster);
  if (Number(intervalMs) > 0) await setTimeout(Number(intervalMs));
}
await producer.flush();
console.log(`run ${run}: ${frames} frames are on disk`);
