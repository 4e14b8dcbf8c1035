// A member of a group could not be closed without an error after its topic was deleted, though it has nothing to
// leave: a program that cleaned up in the usual order failed at its end. And with the memory driver, a seek in a
// deleted topic succeeded, which hid the mistake until the program moved to files.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, FlushError, TopicDeletedError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";

for (const name of ["files", "memory"] as const) {
  test(`${name}: consumers and members of a deleted topic cannot be sought, and close`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "diaspora-deleted-"));
    try {
      const options = name === "files" ? { root_path: folder } : { store: folder };
      await using driver = await Driver.open(name, options);
      await driver.createTopic("t", { num_partitions: 2 });
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      await producer.push(1, undefined, { partition: 0 });
      const consumers = [topic.consumer("alone"), topic.consumer("members", { group: true })];
      for (const consumer of consumers) await consumer.pull();
      await driver.deleteTopic("t");
      for (const consumer of consumers) {
        await assertRejects(() => consumer.seek("earliest"), TopicDeletedError);
      }
      for (const consumer of consumers) await consumer.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

// It failed, too, with ENOENT, if its consumer was deleted while it left the group.
test("a member closes whose consumer is deleted while it leaves", async () => {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-deleted-"));
  try {
    await using other = await Driver.open("files", { root_path: folder });
    await other.createTopic("t", { num_partitions: 1 });
    let isLeaving = false;
    const remove = () => {
      isLeaving = false;
      const aside = join(folder, "t", ".deleting-aside");
      nodeStorage.rename(join(folder, "t", "consumers", "members"), aside);
      nodeStorage.removeTree(aside);
    };
    const storage: Storage = {
      ...nodeStorage,
      publish(path, content, options) {
        if (isLeaving && path.includes("/group/")) remove();
        return nodeStorage.publish(path, content, options);
      },
    };
    await using driver = Driver.from(new FilesDriver({ root_path: folder }, storage));
    await using topic = await driver.openTopic("t");
    const member = topic.consumer("members", { group: true });
    await member.ready();
    isLeaving = true;
    await member.close();
    assertEquals(isLeaving, false);
    assertEquals(await topic.consumers(), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});

// A producer of an on_flush topic with events that were not flushed could not be closed, nor could its driver.
for (const flush_behavior of ["buffered", "on_flush", "immediate"] as const) {
  for (const deleter of ["the same driver", "another"]) {
    test(`producers of a ${flush_behavior} topic that ${deleter} deleted close, and report pushes that failed`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "diaspora-deleted-"));
      try {
        await using driver = await Driver.open("files", { root_path: folder });
        await driver.createTopic("t", { num_partitions: 1, flush_behavior });
        const topic = await driver.openTopic("t");
        const [producer, failing] = [topic.producer(), topic.producer()];
        await producer.push(1);
        await failing.push(2);
        await using other = deleter === "another"
          ? await Driver.open("files", { root_path: folder })
          : driver;
        await other.deleteTopic("t");
        failing.push(3);
        await assertRejects(() => failing.close(), FlushError, "1 push failed");
        if (flush_behavior === "on_flush") await assertRejects(() => producer.flush(), TopicDeletedError);
        await producer.close();
        await driver.close();
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
}
