// If one topic's document was not JSON, `topic list`, and every command that looks up a topic in the list,
// failed for the whole store.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, StorageError } from "../../mod.ts";
import { test } from "../harness.ts";

for (const file of ["topic.json", "validator.json", "serializer.json", "partition-selector.json"]) {
  test(`a ${file} that cannot be read hides no other topic, and its topic can be listed and deleted`, async () => {
    const root = mkdtempSync(join(tmpdir(), "diaspora-unreadable-"));
    try {
      await using driver = await Driver.open("files", { root_path: root });
      for (const name of ["sound", "unsound"]) await driver.createTopic(name, { num_partitions: 2 });
      writeFileSync(`${root}/unsound/${file}`, "{bad");
      const topics = await driver.listTopics();
      assertEquals([...topics.keys()], ["sound", "unsound"]);
      assertEquals(topics.get("sound")!.fault, undefined);
      assertStringIncludes(topics.get("unsound")!.fault!, `unsound/${file}`);
      assertEquals(topics.get("unsound")!.numPartitions, 2);
      await using topic = await driver.openTopic("sound");
      await using producer = topic.producer();
      assertEquals(await producer.push({}), 0);
      await assertRejects(() => driver.openTopic("unsound"), StorageError, file);
      assert(await driver.topicExists("unsound"));
      await driver.deleteTopic("unsound");
      assertEquals([...(await driver.listTopics()).keys()], ["sound"]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
}
