// A store was moved away and an older copy of it put in its place, while programs had its topics open. A producer went on
// confirming what it stored in the one that was moved away, other processes gave the same ids to other events in the copy,
// and a consumer waited for ever, or called damage what came after the copy's last segment. The copy has the name of the
// topic and that of the file that identifies it; now it has to be that very file.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { copyFileSync, cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, TopicDeletedError } from "../../mod.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { until } from "../waiting.ts";

/** Copies a folder; the copy of the topic's identity is made when the clock shows another time. */
async function copy(from: string, to: string): Promise<void> {
  cpSync(from, to, { recursive: true });
  const identity = readdirSync(`${from}/t`).find((name) => name.startsWith("id-"))!;
  const madeIn = (root: string) => nodeStorage.stat(`${root}/t/${identity}`)?.made;
  await until("the copy was made at another time", () => {
    rmSync(`${to}/t/${identity}`);
    copyFileSync(`${from}/t/${identity}`, `${to}/t/${identity}`);
    return madeIn(to) !== madeIn(from);
  });
}

test("programs that have a topic open learn that a copy of it was put in its place", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-replaced-"));
  const root_path = join(folder, "store");
  try {
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("t", { num_partitions: 1 });
    const topic = await driver.openTopic("t");
    const producer = topic.producer();
    await producer.push(0);
    await copy(root_path, join(folder, "copy"));
    await producer.push(1);
    const consumer = topic.consumer("c");
    assertEquals([(await consumer.pull()).id, (await consumer.pull()).id], [0, 1]);
    renameSync(root_path, join(folder, "away"));
    renameSync(join(folder, "copy"), root_path);

    const error = await assertRejects(
      async () => await consumer.pull(),
      TopicDeletedError,
      "another copy of it",
    );
    assertEquals(error.code, "ERR_TOPIC_DELETED");
    await assertRejects(() => topic.describe(), TopicDeletedError, "open the topic again");
    let refusal: unknown;
    await until("a push is refused", async () => {
      refusal = await producer.push(2).then(() => undefined, (error) => error);
      return refusal !== undefined;
    });
    assert(refusal instanceof TopicDeletedError, String(refusal));
    await topic.close().catch(() => {});

    await using again = await driver.openTopic("t");
    await using other = again.producer();
    assertEquals(await other.push(3), 1);
    await using reader = again.consumer("c");
    const found = [];
    for await (const { id, metadata } of reader.events({ until: "end" })) found.push([id, metadata]);
    assertEquals(found, [[0, 0], [1, 3]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
