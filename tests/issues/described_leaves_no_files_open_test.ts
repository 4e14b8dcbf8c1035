// Describing a topic, the lag of a consumer, a trim that only says what it would do, and a seek kept a file of each
// partition open: with more partitions than a process may have open files (`ulimit -n`) they failed with EMFILE. So did an
// export, which reads one partition after the other: a consumer that was closed left the files that it had read open.
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { openFilesUnder } from "../open_files.ts";

const PARTITIONS = 17;

/** One partition after the other, as an export reads them. */
async function readAll(topic: Topic): Promise<void> {
  for (const { partition_id } of topic.partitions) {
    await using consumer = topic.consumer("each", { partitions: [partition_id] });
    for await (const _ of consumer.events({ until: "end" }));
  }
}

const LOOKS: Record<string, (topic: Topic) => Promise<unknown>> = {
  describe: (topic) => topic.describe(),
  lag: (topic) => topic.lag("reader"),
  "trim, dry run": (topic) => topic.trim({ maxBytes: 0, dryRun: true }),
  trim: (topic) => topic.trim({ beforeId: 1 }),
  "trim by acknowledgements": (topic) => topic.trim({ acknowledged: true, dryRun: true }),
  "seek to a time": (topic) => topic.seekConsumer("other", { time: new Date() }),
  "reading all": readAll,
  "seek to the end": (topic) => topic.seekConsumer("other", "latest"),
};

for (const [name, look] of Object.entries(LOOKS)) {
  test(`no file stays open after ${name}, but those of a reader do`, async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "diaspora-described-")));
    try {
      await using driver = await Driver.open("files", { root_path: folder });
      await driver.createTopic("t", { num_partitions: PARTITIONS });
      await using topic = await driver.openTopic("t");
      {
        await using producer = topic.producer("p");
        for (let n = 0; n < 4 * PARTITIONS; n++) {
          producer.push({ n }, undefined, { partition: n % PARTITIONS });
        }
      }
      await topic.seekConsumer("reader", { id: 1 });
      await look(topic);
      assertEquals(openFilesUnder(folder), []);
      await using reader = topic.consumer("reader", { partitions: [0, 1] });
      await reader.pull();
      const open = openFilesUnder(folder).sort();
      assert(open.length > 0);
      if (look === readAll) return;
      await look(topic);
      assertEquals(openFilesUnder(folder).sort(), open);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
