// The file with a consumer's name was removed, or damaged: retention did not count the consumer any more, and removed what it
// had not acknowledged; without the file the consumer began anew, where it says, and its stored positions were removed.
import { assertEquals, assertRejects } from "@std/assert";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StorageError, type Topic } from "../../mod.ts";
import { foldersOf } from "../../src/drivers/files/consumer_names.ts";
import { type ClockStore, withClock } from "../drivers/files/stepping_clock.ts";
import { test } from "../harness.ts";

const SHORT = "c";
const LONG = "c".repeat(300);

const nameFile = ({ folder }: ClockStore, name: string) =>
  join(folder, "../../consumers", foldersOf(name).find(({ isFormer }) => !isFormer)!.folder, "name");

async function delivered(topic: Topic, name: string, group: boolean): Promise<number[]> {
  await using consumer = topic.consumer(name, { group, from: "latest" });
  const ids: number[] = [];
  for await (const event of consumer.events({ until: "end" })) {
    ids.push(event.id);
    await event.acknowledge();
  }
  return ids;
}

const LOSSES: Record<string, (file: string) => void> = {
  "is missing": (file) => rmSync(file),
  "is empty": (file) => writeFileSync(file, ""),
  "names another consumer": (file) => writeFileSync(file, "other"),
  "is not text": (file) => writeFileSync(file, new Uint8Array([0xff, 0])),
};

for (const [what, lose] of Object.entries(LOSSES)) {
  for (const name of [SHORT, LONG]) {
    for (const group of [false, true]) {
      const who = `a ${group ? "group" : "consumer"} with a ${name === LONG ? "long" : "short"} name`;
      test(`${who} goes on where it was although the file with its name ${what}`, () =>
        withClock({}, async (store) => {
          await store.push(store.topic, 6);
          await store.topic.seekConsumer("other", { id: 5 });
          await store.topic.seekConsumer(name, { id: 3 });
          lose(nameFile(store, name));
          assertEquals(await delivered(await store.reopen(), name, group), [3, 4, 5]);
          const topic = await store.reopen();
          assertEquals((await topic.lag(name))[0].position, 6);
          await topic.deleteConsumer(name);
          assertEquals(await topic.consumers(), ["other"]);
        }));
    }
  }

  test(`retention keeps what a consumer has not acknowledged although the file with its name ${what}`, () =>
    withClock({ retention_acknowledged: true }, async (store) => {
      await store.push(store.topic, 12);
      await store.topic.seekConsumer("other", "latest");
      await store.topic.seekConsumer(SHORT, { id: 2 });
      lose(nameFile(store, SHORT));
      const topic = await store.reopen();
      assertEquals(await topic.consumers(), [SHORT, "other"]);
      await topic.trim({ acknowledged: true });
      await store.push(topic, 8);
      assertEquals((await topic.describe())[0].firstId, 0);
    }));
}

test("a removed name is written again with the next position", () =>
  withClock({}, async (store) => {
    await store.push(store.topic, 4);
    await store.topic.seekConsumer(SHORT, { id: 1 });
    rmSync(nameFile(store, SHORT));
    await delivered(await store.reopen(), SHORT, false);
    assertEquals(readFileSync(nameFile(store, SHORT), "utf8"), SHORT);
  }));

test("if nothing says whose positions are in a folder, they are not ignored", () =>
  withClock({}, async (store) => {
    await store.push(store.topic, 12);
    await store.topic.seekConsumer(LONG, { id: 2 });
    const file = nameFile(store, LONG);
    rmSync(file);
    const topic = await store.reopen();
    await assertRejects(() => topic.trim({ acknowledged: true }), StorageError, "write the name into it");
    await assertRejects(() => topic.consumers(), StorageError, `"${join(file, "..")}"`);
  }));
