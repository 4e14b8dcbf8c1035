// The clock showed a time before 1970 when a segment was begun. Its header then had a time beyond all others, which no
// frame can have: every push into the partition was refused, for good, with "the system took only a part of each of 3
// writes", also after the clock was right again.
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

test("no time before 1970 reaches the log", () => {
  const { now } = Date;
  try {
    Date.now = () => -1_800_000_000_000;
    assertEquals(nodeStorage.now(), 0);
  } finally {
    Date.now = now;
  }
  assertGreaterOrEqual(nodeStorage.now(), 1_700_000_000_000);
});

for (const before of [-1, -1_800_000_000_000, -8.64e15]) {
  test(`a partition whose segment was begun ${-before} ms before 1970 takes events, and gives them back`, async () => {
    const root = mkdtempSync(join(memoryFolder, "diaspora-before-1970-"));
    try {
      let time = before;
      const storage = { ...nodeStorage, now: () => time };
      await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
      await driver.createTopic("topic", { segment_bytes: 4096 });
      await using topic = await driver.openTopic("topic");
      await using producer = topic.producer("p");
      const push = async (count: number) => {
        for (let n = 0; n < count; n++) await producer.push({}, new Uint8Array(1000));
      };
      await push(10);
      time = Date.now();
      await push(10);
      await using again = await driver.openTopic("topic");
      await using other = again.producer("p");
      assertEquals(await other.push({}), 20);
      await using consumer = topic.consumer("c");
      const ids: number[] = [];
      for await (const event of consumer.events({ until: "end" })) ids.push(event.id);
      assertEquals(ids, Array.from({ length: 21 }, (_, id) => id));
      await using late = topic.consumer("late", { from: { time } });
      assertEquals((await late.pull()).timestamp >= time, true);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
}
