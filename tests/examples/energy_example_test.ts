import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { cp, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Driver, InvalidMetadataError, type JsonValue, ModuleLoadError } from "../../mod.ts";
import { test } from "../harness.ts";
import { run, RUNTIMES } from "../components/runtimes.ts";

const example = fileURLToPath(new URL("../../examples/energy/", import.meta.url));
const components = {
  validator: { type: `EnergyValidator:${example}energy.ts`, energy_max: 50 },
  partitionSelector: { type: `EnergySelector:${example}energy.ts`, max: 50 },
  serializer: { type: `EnergySerializer:${example}energy.ts` },
};

const HISTOGRAM = [
  "partition 0: 25 events, energy 0 to 24",
  "partition 1: 25 events, energy 25 to 49",
  "partition 2: 25 events, energy 50 to 74",
  "partition 3: 25 events, energy 75 to 99",
].join("\n");

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "diaspora-energy-")));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("the energy topic accepts energies below a maximum and keeps each range in its partition", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("energy", { num_partitions: 2 }, components);
  await using topic = await driver.openTopic("energy");
  await using producer = topic.producer("detector");
  for (const energy of [3, 49.5, 25, 24.9]) await producer.push({ energy });
  const wrong: JsonValue[] = [{ energy: 50 }, { energy: -1 }, { energy: "3" }, {}, 5];
  for (const refused of wrong) {
    await assertRejects(async () => await producer.push(refused), InvalidMetadataError, "expected a number");
  }
  await using consumer = topic.consumer("histogram");
  const found: [number, number, unknown][] = [];
  for await (const event of consumer.events({ until: "end" })) {
    found.push([event.partition, event.id, event.metadata]);
  }
  assertEquals(found.sort(), [
    [0, 0, { energy: 3 }],
    [0, 1, { energy: 24 }],
    [1, 0, { energy: 49 }],
    [1, 1, { energy: 25 }],
  ]);
  assertEquals(topic.validator.config(), { type: "EnergyValidator", energy_max: 50 });
  const stored = (await driver.listTopics()).get("energy");
  assertEquals(stored?.validator, components.validator);
  assertEquals(stored?.partitionSelector, { ...components.partitionSelector, min: 0 });
  assertEquals(stored?.serializer, components.serializer);
});

const circle = Object.keys(RUNTIMES);
for (const [index, creator] of circle.entries()) {
  const others = [circle[(index + 1) % circle.length], circle[(index + 2) % circle.length]];
  test(`the energy topic made by ${creator} is read by ${others.join(" and ")}, in another directory`, async () => {
    await inFolder(async (folder) => {
      const created = await run(
        [...RUNTIMES[creator], `${example}create.ts`, join(folder, "store")],
        example,
      );
      assertEquals(created.code, 0, created.errors);
      assertMatch(created.output, /pushed 100 .*\nrefused: .*found 120/);
      for (const reader of others) {
        const read = await run([...RUNTIMES[reader], `${example}read.ts`, join(folder, "store")], folder);
        assertEquals(read.code, 0, read.errors);
        assertEquals(read.output.trim(), HISTOGRAM);
      }
    });
  });
}

const CHILD = `
import { Driver } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
await using driver = await Driver.open("files", { root_path: "store" });
await driver.createTopic("limited", {}, { validator: { type: "Limit:./limit.mjs", max: 5 } });
`;
const LIMIT = `
export class Limit {
  constructor(document) { this.max = document.max; }
  validate(metadata) { if (metadata > this.max) throw new Error("too much"); }
  config() { return { type: "Limit", max: this.max }; }
}
`;

test("a topic made with a path from one directory opens in another, until the module is gone", async () => {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "limit.mjs"), LIMIT);
    await writeFile(join(folder, "child.ts"), CHILD);
    const child = await run([...RUNTIMES.deno, join(folder, "child.ts")], folder);
    assertEquals(child.code, 0, child.errors);

    const module = join(folder, "limit.mjs");
    await using driver = await Driver.open("files", {
      root_path: join(folder, "store"),
      load_modules: [module],
    });
    const topic = await driver.openTopic("limited");
    await assertRejects(async () => await topic.producer().push(6), Error, "too much");
    assertEquals((await driver.listTopics()).get("limited")?.validator, { type: `Limit:${module}`, max: 5 });
    await topic.close();

    await cp(module, join(folder, "elsewhere.mjs"));
    await rm(module);
    await using gone = await driver.openTopic("limited");
    const error = await assertRejects(async () => await gone.producer().push(5), ModuleLoadError);
    assertEquals(error.module, module);
    assertStringIncludes(error.message, `Cannot load validator "Limit" from "${module}": no such file`);

    // If it is given here, the stored one is not needed.
    const validator = { type: `Limit:${join(folder, "elsewhere.mjs")}`, max: 5 };
    await using given = await driver.openTopic("limited", { validator });
    assertEquals(await given.producer().push(5), 0);
  });
});
