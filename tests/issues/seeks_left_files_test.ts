// Each `seekConsumer` over several partitions left a file per partition for good: after a thousand seeks of a name in a
// topic of 16 partitions its folder held 16,000 files. Each seek also listed that folder several times per partition,
// so that it took four times as long for twice as many partitions.
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import type { TopicDefinition, TopicInterface } from "../../src/contract.ts";

/** Files that one partition may keep: the first one, those not yet folded and the newest. */
const FILES_MAX = 6;

/** Runs with a topic, its folder of the consumer `reader` and a count of the listings of that folder. */
async function during(
  partitions: number,
  body: (topic: TopicInterface, folder: string, count: () => number) => Promise<void>,
): Promise<void> {
  const rootPath = mkdtempSync(join(tmpdir(), "diaspora-seeks-"));
  const folder = join(rootPath, "t", "consumers", "reader");
  let listings = 0;
  const storage = {
    ...nodeStorage,
    list(path: string): string[] {
      if (path === folder) listings++;
      return nodeStorage.list(path);
    },
  };
  try {
    const driver = new FilesDriver({ root_path: rootPath }, storage);
    const component = { type: "default" };
    const definition = {
      options: { num_partitions: partitions },
      validator: component,
      partitionSelector: component,
      serializer: component,
    };
    await driver.createTopic("t", definition as unknown as TopicDefinition);
    const topic = await driver.openTopic("t");
    const producer = topic.producer("writer");
    for (let partition = 0; partition < partitions; partition++) {
      for (let n = 0; n < 10; n++) producer.append(partition, { count: 1, metadata: [`${n}`], dataBytes: 0 });
    }
    await producer.close();
    await body(topic, folder, () => listings);
    await topic.close();
  } finally {
    rmSync(rootPath, { recursive: true });
  }
}

async function positions(topic: TopicInterface): Promise<number[]> {
  return (await topic.lag("reader")).map(({ position }) => position);
}

test("a name that is moved again and again keeps a few files per partition", async () => {
  await during(3, async (topic, folder) => {
    for (let seeks = 0; seeks < 20; seeks++) {
      const id = seeks % 2 === 0 ? 7 : 2;
      await topic.seekConsumer("reader", { id });
      assertEquals(await positions(topic), [id, id, id]);
      assertLessOrEqual(readdirSync(folder).length, 1 + 3 * FILES_MAX);
    }
  });
});

test("a seek lists the consumer's folder as often for many partitions as for few", async () => {
  const counts: number[] = [];
  for (const partitions of [2, 20]) {
    await during(partitions, async (topic, _, count) => {
      await topic.seekConsumer("reader", { id: 3 });
      const before = count();
      await topic.seekConsumer("reader", { id: 5 });
      counts.push(count() - before);
      assertEquals(await positions(topic), Array(partitions).fill(5));
    });
  }
  assertEquals(counts[0], counts[1]);
});
