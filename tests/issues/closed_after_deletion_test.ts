// A member of a group could not be closed without an error after its topic was deleted, though it has nothing to
// leave: a program that cleaned up in the usual order failed at its end. And with the memory driver, a seek in a
// deleted topic succeeded, which hid the mistake until the program moved to files.
import { assertRejects } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, TopicDeletedError } from "../../mod.ts";
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
