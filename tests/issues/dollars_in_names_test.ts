// JavaScript's `replace` takes `$&` and `$$` in the new text for more than themselves: `consume --data {topic}-{id}` of
// a topic with such a name wrote other files than it says, which could be one for two topics, and `fifo` named another
// pipe in an error.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { FullDataSelector } from "../../mod.ts";
import { DataFiles } from "../../src/ctl/consume/data_sink.ts";
import { makeFifo } from "../../src/ctl/fifo/pipe_files.ts";
import { test } from "../harness.ts";

const NAME = "a$&b$$";

test("a file of a data part has the topic's name, whatever is in it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-dollars-"));
  try {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic(NAME, { num_partitions: 1 });
    await using topic = await driver.openTopic(NAME);
    await using producer = topic.producer("p");
    await producer.push({}, new Uint8Array(3));
    await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
    await new DataFiles(join(folder, "{topic}-{partition}-{id}")).write(NAME, await consumer.pull());
    assertEquals(readdirSync(folder), [`${NAME}-0-0`]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an error about a pipe names it, whatever is in its name", async () => {
  const error = await assertRejects(() => makeFifo("/nowhere/pipe", NAME), Error);
  assert(!error.message.includes("/nowhere"), error.message);
  assertEquals(error.message.split(NAME).length, 3, error.message);
});
