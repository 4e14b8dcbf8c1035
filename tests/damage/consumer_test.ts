// What users see: a consumer that skips damage gets every other event, intact and under its id.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptedLogError, Driver, FullDataSelector, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { randomBytes, randomNumbers } from "../wasm/reference.ts";

const COUNT = 120;

async function withTopic(use: (topic: Topic, logs: string[]) => Promise<void>): Promise<void> {
  const root_path = mkdtempSync(join(tmpdir(), "diaspora-damage-"));
  try {
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("t", { segment_bytes: 4096 });
    await using topic = await driver.openTopic("t");
    {
      await using producer = topic.producer("p", { batchSize: 4 });
      for (let n = 0; n < COUNT; n++) {
        producer.push({ n }, randomBytes(dataSize(n), n));
        if (n % 4 === 3) await producer.flush();
      }
    }
    const folder = join(root_path, "t", "partitions", "00000000");
    await use(
      topic,
      readdirSync(folder).filter((name) => name.endsWith(".log")).sort().map((name) => join(folder, name)),
    );
  } finally {
    rmSync(root_path, { recursive: true, force: true });
  }
}

function dataSize(n: number): number {
  return n % 5 === 0 ? 0 : 20 + n;
}

/** Flips a bit of a file for the duration of a call. */
async function flipped(path: string, at: number, bit: number, use: () => Promise<void>): Promise<void> {
  const bytes = readFileSync(path);
  bytes[at] ^= 1 << bit;
  writeFileSync(path, bytes);
  try {
    await use();
  } finally {
    bytes[at] ^= 1 << bit;
    writeFileSync(path, bytes);
  }
}

test("a consumer that skips damage gets every other event with its data, and a report of the damage", async () => {
  await withTopic(async (topic, logs) => {
    const random = randomNumbers(3);
    for (let round = 0; round < 60; round++) {
      const path = logs[random(logs.length)];
      const at = random(readFileSync(path).length);
      await flipped(path, at, random(8), async () => {
        const lost = new Set<number>();
        await using consumer = topic.consumer(`round-${round}`, {
          dataSelector: FullDataSelector,
          onCorruption: "skip",
          onDamage({ damage: { firstId, endId } }) {
            for (let id = firstId; id < endId; id++) lost.add(id);
          },
        });
        const seen = new Set<number>();
        for await (const event of consumer.events({ until: "end" })) {
          assertEquals(event.metadata, { n: event.id });
          assertEquals(event.data, randomBytes(dataSize(event.id), event.id), `data of event ${event.id}`);
          seen.add(event.id);
        }
        for (let id = 0; id < COUNT; id++) {
          assert(
            seen.has(id) !== lost.has(id),
            `byte ${at} of "${path}": event ${id} is neither read nor lost`,
          );
        }
      });
    }
  });
});

test("pull() skips an event whose data is damaged, or rejects and stays there", async () => {
  await withTopic(async (topic, [path]) => {
    const needle = randomBytes(dataSize(2), 2);
    await flipped(path, readFileSync(path).indexOf(needle) + 5, 0, async () => {
      const reported: number[] = [];
      const skipping = topic.consumer("skipping", {
        dataSelector: FullDataSelector,
        onCorruption: "skip",
        onDamage: ({ damage }) => void reported.push(damage.firstId),
      });
      const next = (await skipping.pull()).id;
      const strict = topic.consumer("strict", { dataSelector: FullDataSelector });
      assertEquals((await strict.pull()).id, 0);
      for (let attempt = 0; attempt < 2; attempt++) {
        await assertRejects(async () => void await strict.pull(), CorruptedLogError, "data checksum differs");
      }
      // All data of a batch under 64 KiB is in one block: if it is lost, so is the data of all its events.
      const ids = [next, (await skipping.pull()).id, (await skipping.pull()).id];
      assertEquals([ids, reported], [[0, 4, 5], [1, 2, 3]]);
      await skipping.close();
      await strict.close();
    });
  });
});
