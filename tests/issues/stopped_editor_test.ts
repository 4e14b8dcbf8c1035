// A process that edited a topic was stopped for longer than the lease of its lock. Another one took the lock and edited
// the topic too; the first one was continued, and put its own document in place: the other's change was gone, although
// its call had succeeded. Now the draft of a document is removed together with the lock of the process that made it, and
// a process that finds its draft gone begins again. Here an edit is stopped before each of its system calls.
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Driver, TopicDeletedError, type TopicInterface } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { InterruptedStorage } from "../faults/interrupted_storage.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

/** Stops an edit before each of its calls, lets others do something meanwhile, and checks what came of it. */
async function stopEverywhere(
  meanwhile: (other: FilesDriver, topic: TopicInterface) => Promise<unknown>,
  check: (driver: Driver, edited: Promise<void>) => Promise<void>,
): Promise<void> {
  for (let at = 1;; at++) {
    const root = mkdtempSync(join(memoryFolder, "diaspora-stopped-"));
    try {
      const stopped = new InterruptedStorage("kill", 0);
      // It waits for the end of the lease, but that takes no time.
      const other = new FilesDriver({ root_path: root }, { ...nodeStorage, pause: () => {} });
      await using driver = Driver.from(other);
      await driver.createTopic("topic", {});
      const opened = await other.openTopic("topic");
      await using its = Driver.from(new FilesDriver({ root_path: root }, stopped.storage));
      await using topic = await its.openTopic("topic");
      const before = stopped.steps.length;
      let happened: Promise<unknown> | undefined;
      stopped.onStep = (step) => {
        // A call to the engine does all of its work at once.
        if (step === before + at) happened = meanwhile(other, opened);
      };
      const edited = topic.edit({ retention_bytes: 1_000_000 });
      edited.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve));
      if (happened === undefined) {
        assert(at > 10);
        await opened.close();
        return await edited;
      }
      try {
        await happened;
        await opened.close();
        await check(driver, edited);
        const left = readdirSync(join(root, "topic")).filter((name) => name.includes("lock"));
        assertEquals(left, []);
      } catch (error) {
        throw new Error(`at step ${at}: ${stopped.steps[before + at - 1]}`, { cause: error });
      }
    } finally {
      rmSync(root, { recursive: true });
    }
  }
}

test("an edit that is stopped anywhere, while another process edits the topic, undoes nothing", () =>
  stopEverywhere(
    (_, topic) => topic.edit!({ segment_bytes: 8192 }),
    async (driver, edited) => {
      await edited;
      await using topic = await driver.openTopic("topic");
      assertEquals([topic.options.retention_bytes, topic.options.segment_bytes], [1_000_000, 8192]);
    },
  ));

test("an edit that is stopped anywhere, while the topic is deleted and made again, does not change the new one", () =>
  stopEverywhere(
    (other) => {
      const type = "default";
      const components = { validator: { type }, partitionSelector: { type }, serializer: { type } };
      return Promise.all([
        other.deleteTopic("topic"),
        other.createTopic("topic", { options: { segment_bytes: 4096 }, ...components }),
      ]);
    },
    async (driver, edited) => {
      await edited.catch((error) => assert(error instanceof TopicDeletedError, String(error)));
      await using topic = await driver.openTopic("topic");
      assertEquals([topic.options.retention_bytes, topic.options.segment_bytes], [undefined, 4096]);
    },
  ));
