// A document that asked for 99,999,999 partitions got them: folder after folder until the disk was full, or
// that many objects in memory. Opening a stored topic, or a C++ store with one folder with a high number, had
// the same effect.
import { assertEquals, assertRejects } from "@std/assert";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, InvalidOptionError, type JsonObject, StorageError } from "../../mod.ts";
import { importCppFiles } from "../../src/cpp_files/mod.ts";
import { test } from "../harness.ts";

async function withRoot(body: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "diaspora-partitions-"));
  try {
    await body(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

for (const engine of ["files", "memory"]) {
  test(`the ${engine} driver refuses too many partitions, and names the option that allows them`, () =>
    withRoot(async (root) => {
      const where: JsonObject = engine === "files" ? { root_path: root } : {};
      await using driver = await Driver.open(engine, where);
      for (const count of [10_001, 99_999_999, 100_000_000]) {
        const error = await assertRejects(
          () => driver.createTopic("topic", { num_partitions: count }),
          InvalidOptionError,
          '"max_partitions" allows more',
        );
        assertEquals(error.option, "num_partitions");
      }
      assertEquals(await driver.topicExists("topic"), false);
      assertEquals(readdirSync(root), []);
    }));

  test(`the option max_partitions of the ${engine} driver raises and lowers the limit`, () =>
    withRoot(async (root) => {
      const where: JsonObject = engine === "files" ? { root_path: root } : {};
      await using driver = await Driver.open(engine, { ...where, max_partitions: 3 });
      await driver.createTopic("three", { num_partitions: 3 });
      await assertRejects(() => driver.createTopic("four", { num_partitions: 4 }), InvalidOptionError);
      for (const limit of [0, -1, 1.5, "9", 100_000_000]) {
        await assertRejects(
          () => Driver.open(engine, { ...where, max_partitions: limit }),
          InvalidOptionError,
        );
      }
      await using wide = await Driver.open(engine, { ...where, max_partitions: 20_000 });
      await assertRejects(() => wide.createTopic("more", { num_partitions: 20_001 }), InvalidOptionError);
    }));
}

test("an existing topic with more partitions than a new one may have can be opened", () =>
  withRoot(async (root) => {
    await using wide = await Driver.open("files", { root_path: root });
    await wide.createTopic("topic", { num_partitions: 5 });
    await using narrow = await Driver.open("files", { root_path: root, max_partitions: 2 });
    await using topic = await narrow.openTopic("topic");
    assertEquals(topic.partitions.length, 5);
    await topic.edit({ retention_bytes: 1 });
  }));

test("a stored topic that claims partitions it has no folders for is refused at once", () =>
  withRoot(async (root) => {
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("topic", {});
    const path = `${root}/topic/topic.json`;
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace('"num_partitions": 1', '"num_partitions": 99999999'),
    );
    await assertRejects(() => driver.openTopic("topic"), StorageError, "00000001");
  }));

test("a C++ store with a partition folder of a high number is refused before anything is created", () =>
  withRoot(async (root) => {
    mkdirSync(`${root}/cpp/topic/partitions/99999998`, { recursive: true });
    await using driver = await Driver.open("files", { root_path: `${root}/store` });
    await assertRejects(
      () => importCppFiles({ rootPath: `${root}/cpp`, topic: "topic", driver }),
      InvalidOptionError,
      "num_partitions",
    );
    assertEquals(existsSync(`${root}/store`) ? readdirSync(`${root}/store`) : [], []);
  }));
