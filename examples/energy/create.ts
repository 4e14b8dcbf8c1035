/** Creates the energy topic and pushes measurements to it:
 *
 * ```sh
 * deno run -A examples/energy/create.ts /tmp/energy-data
 * ```
 *
 * `npx tsx` and `bun` run it as well.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Driver } from "../../mod.ts";

const [rootPath = "/tmp/energy-data"] = process.argv.slice(2);
const components = fileURLToPath(new URL("./energy.ts", import.meta.url));

await using driver = await Driver.open("files", { root_path: rootPath });
await driver.createTopic("energy", { num_partitions: 4 }, {
  validator: { type: `EnergyValidator:${components}`, energy_max: 100 },
  partitionSelector: { type: `EnergySelector:${components}`, min: 0, max: 100 },
  serializer: { type: `EnergySerializer:${components}` },
});

const topic = await driver.openTopic("energy");
await using producer = topic.producer("detector");
for (let energy = 0; energy < 100; energy++) producer.push({ energy });
await producer.flush().wait(-1);
console.log("pushed 100 measurements into 4 partitions");

try {
  await producer.push({ energy: 120 });
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
}
