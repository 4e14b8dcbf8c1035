// What opening takes of the file system. On Deno a look at a file costs 7 to 20 µs, eight times as much as reading a
// few bytes of it, and on a network's disk each one is a round trip.
import { assertEquals } from "@std/assert";
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Driver } from "../../../mod.ts";
import { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { storageOn } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";
import { memoryFolder } from "../../memory_folder.ts";

interface Looks {
  /** Paths that were looked at, and folders that were listed. */
  paths: string[];
  lists: string[];
  /** How often an open file was looked at. */
  openFiles: number;
}

/** Calls back with a driver that has a topic, and with what tells the looks since it was last called. */
async function looksOf(body: (driver: Driver, looks: () => Looks) => Promise<void>): Promise<void> {
  const root = fs.mkdtempSync(join(memoryFolder, "diaspora-looks-"));
  let looks: Looks = { paths: [], lists: [], openFiles: 0 };
  const relative = (path: unknown) => String(path).slice(root.length + 1).replaceAll("\\", "/");
  const lookingFs = {
    ...fs,
    lstatSync: ((path: string, options: fs.StatSyncOptions) => {
      looks.paths.push(relative(path));
      return fs.lstatSync(path, options);
    }) as typeof fs.lstatSync,
    readdirSync: ((path: string) => {
      looks.lists.push(relative(path));
      return fs.readdirSync(path);
    }) as typeof fs.readdirSync,
    fstatSync: ((fd: number) => {
      looks.openFiles++;
      return fs.fstatSync(fd);
    }) as typeof fs.fstatSync,
  };
  const storage = storageOn({ fs: lookingFs, windows: process.platform === "win32" });
  try {
    await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
    await driver.createTopic("topic", { num_partitions: 1 });
    await body(driver, () => {
      const before = looks;
      looks = { paths: [], lists: [], openFiles: 0 };
      return before;
    });
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

test("opening a topic lists its folder once, and looks once at each document that it opens", () =>
  looksOf(async (driver, looks) => {
    looks();
    await using _topic = await driver.openTopic("topic");
    const { lists, openFiles } = looks();
    assertEquals(lists, ["topic", "topic/partitions"]);
    assertEquals(openFiles, 4);
  }));

test("opening a consumer of a new name looks once at each folder that may be its own", () =>
  looksOf(async (driver, looks) => {
    await using topic = await driver.openTopic("topic");
    looks();
    await using _consumer = topic.consumer("new");
    const paths = looks().paths.filter((path) => path.startsWith("topic/consumers"));
    assertEquals(paths.map((path) => path.replace(/~.*/, "~")), [
      "topic/consumers",
      "topic/consumers/new",
      "topic/consumers/new~",
      "topic/consumers/new~",
      "topic/consumers/new/group",
    ]);
  }));

test("opening a consumer that has positions lists no folder that is not there", () =>
  looksOf(async (driver, looks) => {
    await using topic = await driver.openTopic("topic");
    await topic.seekConsumer("known", "latest");
    looks();
    await using _consumer = topic.consumer("known");
    const { paths, lists } = looks();
    assertEquals(paths.filter((path) => /\/(seek|group)$/.test(path)), [
      "topic/consumers/known/seek",
      "topic/consumers/known/group",
    ]);
    assertEquals(lists.filter((path) => path.startsWith("topic/consumers")), ["topic/consumers/known"]);
  }));
