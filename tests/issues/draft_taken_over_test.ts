// An import that was stopped (Ctrl-Z, a suspended machine) for longer than its claim lasts, and then went on, wrote into
// the hidden topic that another import had taken over meanwhile: events stood in it twice. And what an interrupted
// import had left was in the way of every later one whose source had changed since: hidden, so that no one could
// delete it, it was refused as "topic with other content" for a day.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ContentMismatchError, type Driver, TopicDeletedError, type TopicDraft } from "../../mod.ts";
import { importCppFiles } from "../../src/cpp_files/mod.ts";
import { takeOver } from "../../src/drivers/files/draft.ts";
import { storageOfTopic } from "../../src/drivers/files/identity.ts";
import { Partition } from "../../src/log/partition.ts";
import { Appender } from "../../src/log/write/appender.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { record, writeTopic } from "../cpp_files/store.ts";
import { test } from "../harness.ts";

const DEFINITION = { options: { num_partitions: 2 } };

/** The texts of all events, by partition. */
async function contentOf(driver: Driver, name: string): Promise<string[][]> {
  await using topic = await driver.openTopic(name);
  await using consumer = topic.consumer("reader");
  const found: string[][] = topic.partitions.map(() => []);
  for await (const event of consumer.events({ until: "end" })) {
    found[event.partition]![event.id] = event.metadataText;
  }
  return found;
}

test("a process that was filling a draft which another one has taken over adds nothing to it", () =>
  withPlace(async ({ driver, folder }) => {
    const draft = (): Promise<TopicDraft> => driver.draftTopic("t", DEFINITION, { resume: true });
    await using stopped = await draft();
    const producer = stopped.topic.producer();
    for (const n of [0, 1]) await producer.push(n, undefined, { partition: 0 });
    await using next = await draft();
    assertEquals((await next.topic.describe()).map(({ nextId }) => nextId), [2, 0]);
    // Into the segment that it has open, and into one that it would have to make.
    for (const partition of [0, 1]) {
      await assertRejects(async () => await producer.push(9, undefined, { partition }), TopicDeletedError);
    }
    await assertRejects(() => producer.flush(), TopicDeletedError);
    await producer.close();
    await using other = next.topic.producer();
    for (const n of [2, 3]) await other.push(n, undefined, { partition: 0 });
    await other.flush();
    await next.publish();
    assertEquals(await contentOf(driver, "t"), [["0", "1", "2", "3"], []]);
    assertEquals(nodeStorage.list(join(folder, "ours")), ["t"]);
  }));

test("a segment without events that a stopped process has open takes none after the topic was taken over", () =>
  withPlace(async ({ driver, folder }) => {
    await driver.createTopic("t", {});
    const path = join(folder, "ours", "t");
    const directory = `${path}/partitions/00000000`;
    // The next event comes so late that the writer looks whether its file is still there.
    let now = 0;
    const storage = storageOfTopic({ ...nodeStorage, now: () => now += 1000 }, path, "t");
    const log = new Partition({ storage, directory, topic: "t", partition: 0 });
    const appender = new Appender(log, 2 ** 20);
    appender.appendChunk([new Uint8Array(10)]);
    takeOver(nodeStorage, path, "t");
    assertThrows(
      () => appender.appendEvents({ count: 1, metadata: ["9"], dataBytes: 0 }),
      TopicDeletedError,
    );
    appender.close();
    log.close();
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    assertEquals(await producer.push(1), 0);
    assertEquals(await contentOf(driver, "t"), [["1"]]);
  }));

test("an import whose place another one has taken says so", () =>
  withPlace(async ({ driver, folder, cppRoot }) => {
    const events = Array.from({ length: 20_000 }, (_, n) => ({ metadata: record(String(n)) }));
    writeTopic(cppRoot, "t", { partitions: [events] });
    const draft = join(folder, "ours", ".unfinished-t", "t");
    let isTaken = false;
    const onProgress = () => {
      if (isTaken) return;
      isTaken = true;
      takeOver(nodeStorage, draft, "t");
    };
    const request = { rootPath: cppRoot, topic: "t", driver };
    await assertRejects(
      () => importCppFiles({ ...request, onProgress }),
      ContentMismatchError,
      "another import took its place while this one was stopped",
    );
    assertEquals(isTaken, true);
    await importCppFiles(request);
    assertEquals((await contentOf(driver, "t"))[0]!.length, events.length);
  }));

test("what an interrupted import left of another content is in the way of no later one", () =>
  withPlace(async ({ driver, cppRoot }) => {
    const events = (texts: string[]) => texts.map((text) => ({ metadata: record(text) }));
    const request = { rootPath: cppRoot, topic: "t", driver };
    const [before, after] = [0, 5].map((first) => Array.from({ length: 9 }, (_, n) => String(first + n)));
    writeTopic(cppRoot, "t", { partitions: [events(before!)] });
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    await assertRejects(() => importCppFiles({ ...request, signal: stop.signal, onProgress }));
    rmSync(join(cppRoot, "t"), { recursive: true });
    writeTopic(cppRoot, "t", { partitions: [events(after!)] });
    await importCppFiles(request);
    assertEquals(await contentOf(driver, "t"), [after!]);
  }));
