/** Opens the energy topic and counts the events of each partition:
 *
 * ```sh
 * deno run -A examples/energy/read.ts /tmp/energy-data
 * ```
 * The topic says which serializer reads it; this program allows its module.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Driver } from "../../mod.ts";

const [rootPath = "/tmp/energy-data"] = process.argv.slice(2);
const components = fileURLToPath(new URL("./energy.ts", import.meta.url));

await using driver = await Driver.open("files", { root_path: rootPath, load_modules: [components] });
const topic = await driver.openTopic("energy");
await using consumer = topic.consumer("histogram");

const energies: number[][] = topic.partitions.map(() => []);
for await (const event of consumer.events({ until: "end" })) {
  energies[event.partition].push((event.metadata as { energy: number }).energy);
}
for (const [partition, found] of energies.entries()) {
  console.log(
    `partition ${partition}: ${found.length} events, energy ${Math.min(...found)} to ${Math.max(...found)}`,
  );
}
