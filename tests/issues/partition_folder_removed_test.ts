// When the folder of one partition was removed by hand, everything that used it said that the topic was deleted, and
// `verify` ended there: no other partition was verified.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "../../mod.ts";
import { type Finding, planRepair } from "../../src/log/check/mod.ts";
import { TopicFiles } from "../../src/ctl/verify/store.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { test } from "../harness.ts";

test("a partition whose folder is missing is named, and the others go on and are verified", () =>
  withPlace(async ({ driver, folder }) => {
    await driver.createTopic("t", { num_partitions: 3 });
    const directory = join(folder, "ours", "t", "partitions", "00000001");
    await using topic = await driver.openTopic("t");
    const info = (await driver.listTopics()).get("t")!;
    rmSync(directory, { recursive: true });
    await using producer = topic.producer();
    const why = `its folder "${directory}" is missing; restore it from a backup`;
    await assertRejects(async () => await producer.push(1, undefined, { partition: 1 }), StorageError, why);
    assertEquals(await producer.push(1, undefined, { partition: 2 }), 0);
    const opening = await assertRejects(() => driver.openTopic("t"), StorageError);
    assert(
      opening.message.includes(`"${directory}" is missing or not a folder; restore it`),
      opening.message,
    );
    let events = 0;
    const found: Finding[] = [];
    for await (const finding of new TopicFiles(info).verify({ progress: (done) => events += done.events })) {
      found.push(finding);
    }
    assertEquals(found.map(({ severity, partition, file }) => [severity, partition, file]), [
      ["damage", 1, directory],
    ]);
    assertEquals(events, 1);
    assertEquals(planRepair(found).steps, []);
  }));
