// Consumer names of more than 200 encoded characters were distinguished only by a CRC-32, and the stored name
// was never compared; "a" and "A", "x" and "x.", "CON" shared a folder, or had none, on other systems' disks.
// Different names must share nothing. A name that begins with U+FEFF was read without it: such a consumer was not
// listed, so that retention removed what it had not acknowledged, and a long one lost its positions.
import { assert, assertEquals } from "@std/assert";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { verifyConsumerName } from "../../src/ctl/verify/consumer_name.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { foldersOf, nameOfFolder } from "../../src/drivers/files/consumer_names.ts";
import { core } from "../../src/log/format/core/core.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { foldingStorage } from "../faults/folding_storage.ts";
import { test } from "../harness.ts";

/** Long names with the same beginning and the same CRC-32. */
const LONG_TWINS: string[] = ["z4gz", "5400a", "z4gy", "5400b"].map((end) => "x".repeat(300) + end);

/** Groups of names that some file system, or an earlier version, treats as the same. */
const TWINS: string[][] = [
  ["a", "A"],
  ["reader", "Reader", "READER"],
  ["x", "x.", "x..", "x ", "x. "],
  ["con", "CON", "con.", "con.txt", "nul", "com1", "COM1", "lpt9", "aux.b"],
  ["\u00e9", "e\u0301", "É"],
  ["ß", "ss", "SS"],
  ["ı", "i", "I", "İ"],
  [".a", "%2Ea", "%2ea"],
  ["a~b", "a%7Eb"],
  ["\ufeffa", "\ufeff\ufeffa", "\ufeff".repeat(150)],
  LONG_TWINS,
  LONG_TWINS.map((name) => name.toUpperCase()),
];

async function withTopic(
  body: (open: (isFolding?: boolean) => Driver, root: string) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "diaspora-consumers-"));
  try {
    const open = (isFolding = false) =>
      Driver.from(new FilesDriver({ root_path: root }, isFolding ? foldingStorage(root) : nodeStorage));
    await using driver = open();
    await driver.createTopic("topic", {});
    await using topic = await driver.openTopic("topic");
    await using producer = topic.producer("p");
    for (let n = 0; n < 60; n++) producer.push({ n });
    await producer.flush();
    await body(open, root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

for (const isFolding of [false, true]) {
  const where = isFolding ? "a disk that folds names" : "a disk that tells all names apart";
  test(`different consumer names share nothing, on ${where}`, () =>
    withTopic(async (open) => {
      await using driver = open(isFolding);
      await using topic = await driver.openTopic("topic");
      const names = TWINS.flat();
      for (const [index, name] of names.entries()) {
        assertEquals((await topic.lag(name))[0].acknowledged, false, name);
        await topic.seekConsumer(name, { id: index + 1 });
      }
      assertEquals(await topic.consumers(), [...names].sort());
      for (const [index, name] of names.entries()) {
        assertEquals((await topic.lag(name))[0].position, index + 1, name);
      }
      for (const [index, name] of names.entries()) {
        await topic.deleteConsumer(name);
        assertEquals(await topic.consumers(), names.slice(index + 1).sort());
      }
    }));
}

test("verify finds nothing wrong with a name that begins with U+FEFF", () =>
  withTopic(async (open, root) => {
    await using driver = open();
    await using topic = await driver.openTopic("topic");
    for (const name of ["\ufeffa", "\ufeff".repeat(150)]) await topic.seekConsumer(name, { id: 7 });
    const consumers = `${root}/topic/consumers`;
    const folders = readdirSync(consumers);
    assertEquals(folders.flatMap((folder) => verifyConsumerName(nodeStorage, `${consumers}/${folder}`)), []);
    assertEquals(folders.length, 2);
  }));

test("folders of consumers have portable names that contain the consumer's name", () => {
  const folders = new Set<string>();
  for (const name of TWINS.flat()) {
    const made = foldersOf(name).filter(({ isFormer }) => !isFormer);
    for (const { folder, isSpelledOut } of made) {
      assert(folder.length <= 200, folder);
      assert(
        /^[a-z0-9_%A-F~.-]+$/.test(folder) && !/[A-F]/.test(folder.replace(/%[0-9A-F]{2}/g, "")),
        folder,
      );
      assert(!/^\.|\.$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/.test(folder), folder);
      assert(!folders.has(folder.toLowerCase()), folder);
      folders.add(folder.toLowerCase());
      assertEquals(nameOfFolder(folder), isSpelledOut ? name : undefined);
    }
  }
});

/** Moves a consumer's folder to where an earlier version put it. */
function makeFormer(root: string, name: string): string {
  const consumers = `${root}/topic/consumers`;
  const [now] = readdirSync(consumers).filter((folder) =>
    readFileSync(`${consumers}/${folder}/name`, "utf8") === name
  );
  const former = foldersOf(name).find(({ isFormer }) => isFormer)!.folder;
  renameSync(`${consumers}/${now}`, `${consumers}/${former}`);
  return `${consumers}/${former}`;
}

for (const name of ["Reader", "x.", "CON", "X".repeat(400), "x".repeat(400)]) {
  test(`positions stored by an earlier version are found: ${name.slice(0, 8)}, ${name.length} long`, () =>
    withTopic(async (open, root) => {
      await using driver = open();
      await using topic = await driver.openTopic("topic");
      await topic.seekConsumer(name, { id: 7 });
      const folder = makeFormer(root, name);
      assertEquals(await topic.consumers(), [name]);
      assertEquals((await topic.lag(name))[0].position, 7);
      await using consumer = topic.consumer(name);
      const event = await consumer.pull();
      assertEquals(event.id, 7);
      await event.acknowledge();
      assertEquals(readdirSync(`${root}/topic/consumers`).length, 1);
      assertEquals((await topic.lag(name))[0].position, 8);
      await consumer.close();
      await topic.deleteConsumer(name);
      assert(!existsSync(folder));
      assertEquals((await topic.lag(name))[0].acknowledged, false);
    }));
}

test("two long names that an earlier version confused have separate positions", () =>
  withTopic(async (open, root) => {
    const [one, other] = LONG_TWINS;
    const crcOf = (name: string) => core.crc32(new TextEncoder().encode(name));
    assertEquals(crcOf(one), crcOf(other));
    await using driver = open();
    await using topic = await driver.openTopic("topic");
    await topic.seekConsumer(one, { id: 7 });
    makeFormer(root, one);
    assertEquals((await topic.lag(other))[0].acknowledged, false);
    await topic.seekConsumer(other, { id: 9 });
    assertEquals([(await topic.lag(one))[0].position, (await topic.lag(other))[0].position], [7, 9]);
    assertEquals(await topic.consumers(), [one, other].sort());
  }));

test("a folder that lost its file with the name has its positions, also one of an earlier version", () =>
  withTopic(async (open, root) => {
    await using driver = open();
    await using topic = await driver.openTopic("topic");
    for (const name of ["reader", "Reader"]) {
      await topic.seekConsumer(name, { id: 7 });
      const folder = makeFormerOrFind(root, name);
      rmSync(`${folder}/name`);
      assertEquals(await topic.consumers(), [name]);
      assertEquals((await topic.lag(name))[0].position, 7);
      await using consumer = topic.consumer(name);
      const event = await consumer.pull();
      assertEquals(event.id, 7);
      await event.acknowledge();
      assertEquals((await topic.lag(name))[0].position, 8);
      await consumer.close();
      await topic.deleteConsumer(name);
      assertEquals(await topic.consumers(), []);
    }
  }));

function makeFormerOrFind(root: string, name: string): string {
  return name === "reader" ? `${root}/topic/consumers/reader` : makeFormer(root, name);
}

test("a damaged name file loses no positions of a consumer whose folder has its name", () =>
  withTopic(async (open, root) => {
    await using driver = open();
    await using topic = await driver.openTopic("topic");
    await topic.seekConsumer("reader", { id: 7 });
    writeFileSync(`${root}/topic/consumers/reader/name`, "seader");
    assertEquals((await topic.lag("reader"))[0].position, 7);
    assertEquals((await topic.lag("seader"))[0].acknowledged, false);
  }));

test("an empty folder, left by a process killed before it wrote the name, is taken over", () =>
  withTopic(async (open, root) => {
    mkdirSync(`${root}/topic/consumers/reader`);
    await using driver = open();
    await using topic = await driver.openTopic("topic");
    assertEquals(await topic.consumers(), []);
    await topic.seekConsumer("reader", { id: 7 });
    assertEquals(await topic.consumers(), ["reader"]);
  }));
