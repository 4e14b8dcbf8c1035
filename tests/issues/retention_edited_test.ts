// A topic's retention was changed while a producer had the topic open: the producer went on with the retention that the
// topic had when it was opened. It removed events that were to be kept by now, and removed nothing where retention
// was new. What is stored in the topic counts, each time a new segment begins.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";

const SEGMENT_BYTES = 4096;

for (
  const { before, change, firstId } of [
    { before: { retention_bytes: 0 }, change: { retention_bytes: null }, firstId: 0 },
    { before: { retention_bytes: 0 }, change: { retention_bytes: 1e6 }, firstId: 0 },
    { before: {}, change: { retention_bytes: 0 }, firstId: 5 },
  ]
) {
  const what = `${JSON.stringify(before)} that becomes ${JSON.stringify(change)}`;
  test(`retention that another process changes holds for producers that are open: ${what}`, async () => {
    const root = mkdtempSync(join(tmpdir(), "diaspora-retention-"));
    try {
      await using driver = await Driver.open("files", { root_path: root });
      await driver.createTopic("topic", { segment_bytes: SEGMENT_BYTES, ...before });
      await using topic = await driver.openTopic("topic");
      await using producer = topic.producer("app");
      await producer.push({ n: 0 });
      await using another = await Driver.open("files", { root_path: root });
      await using edited = await another.openTopic("topic");
      await edited.edit(change);
      for (let n = 1; n < 6; n++) await producer.push({ n, text: "x".repeat(SEGMENT_BYTES) });
      assertEquals((await topic.describe())[0].firstId, firstId);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
}
