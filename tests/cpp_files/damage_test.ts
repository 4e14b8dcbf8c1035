// A C++ store has no checksums, but its files must be consistent.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CorruptedLogError, InvalidMetadataError } from "../../mod.ts";
import { exportCppFiles, importCppFiles } from "../../src/cpp_files/mod.ts";
import { test } from "../harness.ts";
import { type Place, withPlace } from "./sample.ts";

/** A store of five events in the C++ layout; returns the folder of its partition. */
async function makeStore({ driver, cppRoot }: Place): Promise<string> {
  await driver.createTopic("t", { num_partitions: 1 });
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  for (let n = 0; n < 5; n++) producer.push(`{"n":${n}}`, new Uint8Array(10));
  await producer.flush();
  await exportCppFiles({ topic, rootPath: cppRoot });
  return join(cppRoot, "t/partitions/00000000");
}

/** The import's error, and how many events it stored before. */
async function importInto({ driver, cppRoot }: Place): Promise<{ error: CorruptedLogError; stored: number }> {
  const importing = (partial: boolean) => () =>
    importCppFiles({ rootPath: cppRoot, topic: "t", driver, into: "copy", partial });
  const refused = await assertRejects(importing(false), CorruptedLogError);
  assertEquals(await driver.topicExists("copy"), false);
  const error = await assertRejects(importing(true), CorruptedLogError);
  assertEquals(error.message, refused.message);
  await using topic = await driver.openTopic("copy");
  return { error, stored: (await topic.describe())[0].nextId };
}

test("bytes that no index entry refers to are skipped", async () => {
  await withPlace(async (place) => {
    const folder = await makeStore(place);
    // A crash while a batch was written: metadata and data are complete, and half of an index entry.
    appendFileSync(join(folder, "metadata"), new Uint8Array(100));
    appendFileSync(join(folder, "data"), new Uint8Array(1000));
    appendFileSync(join(folder, "index"), new Uint8Array(31));
    const { events, dataBytes } = await importCppFiles({
      rootPath: place.cppRoot,
      topic: "t",
      driver: place.driver,
      into: "copy",
    });
    assertEquals([events, dataBytes], [5, 50]);
  });
});

for (
  const [what, damage, reason] of [
    [
      "the metadata file is cut",
      (folder: string) => truncateSync(join(folder, "metadata"), 50),
      "the metadata ends",
    ],
    [
      "the data file is cut",
      (folder: string) => truncateSync(join(folder, "data"), 35),
      "the data part ends",
    ],
    ["the data file is missing", (folder: string) => rmSync(join(folder, "data")), "the data part ends"],
    [
      "a length is wrong",
      (folder: string) => {
        const bytes = readFileSync(join(folder, "metadata"));
        bytes[3 * 15] ^= 1;
        writeFileSync(join(folder, "metadata"), bytes);
      },
      "the length of the metadata is not what the index says",
    ],
    [
      "an entry is full of ones",
      (folder: string) => {
        const bytes = readFileSync(join(folder, "index"));
        writeFileSync(join(folder, "index"), bytes.fill(0xff, 96, 128));
      },
      "the metadata ends past the end of the file",
    ],
    [
      "an entry is full of zeros",
      (folder: string) => {
        const bytes = readFileSync(join(folder, "index"));
        writeFileSync(join(folder, "index"), bytes.fill(0, 96, 128));
      },
      "the length of the metadata is not what the index says",
    ],
    [
      "metadata is not UTF-8",
      (folder: string) => {
        const bytes = readFileSync(join(folder, "metadata"));
        bytes[3 * 15 + 10] = 0xff;
        writeFileSync(join(folder, "metadata"), bytes);
      },
      "the metadata is not UTF-8",
    ],
    [
      "metadata is not JSON",
      (folder: string) => {
        const bytes = readFileSync(join(folder, "metadata"));
        bytes[3 * 15 + 8] = 0x7d;
        writeFileSync(join(folder, "metadata"), bytes);
      },
      "the metadata is not JSON",
    ],
  ] as const
) {
  test(`where ${what}, the event, the file and the place are named`, async () => {
    await withPlace(async (place) => {
      const folder = await makeStore(place);
      damage(folder);
      const { error, stored } = await importInto(place);
      assert(error.damage.reason.startsWith(reason), error.message);
      const firstId = what === "the data file is missing" ? 0 : 3;
      assertEquals([error.damage.topic, error.damage.partition, error.damage.firstId], ["t", 0, firstId]);
      assert(resolve(error.damage.file).startsWith(folder));
      assertEquals(stored, firstId);
    });
  });
}

test("metadata that C++ cannot read stops an export, which names the event", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await driver.createTopic("t", { num_partitions: 1 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    producer.push({ n: 1 });
    producer.push('{"n":1e999}');
    await producer.flush();
    await assertRejects(
      () => exportCppFiles({ topic, rootPath: cppRoot }),
      InvalidMetadataError,
      "Cannot export event 1 of partition 0: Cannot write number 1e999 for C++: it does not fit into a double",
    );
  });
});
