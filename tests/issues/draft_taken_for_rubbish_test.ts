// Drafts count as garbage when they are an hour old, and to a process whose clock is an hour ahead they are at
// once: it removed the draft of a dependency marker, or the folder in which a topic was being created, and the
// push or the creation failed with ENOENT. Now a missing draft is created again. Found by the simulation, seed
// 100921.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, StorageError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage, storageOn } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";

async function withFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(join(tmpdir(), "diaspora-rubbish-"));
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function removeDrafts(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    if (name.endsWith(".draft")) fs.rmSync(join(folder, name));
  }
}

const CONTENT = new TextEncoder().encode("content");

for (const times of [1, 2]) {
  test(`a file is published although its draft is removed, ${times} times`, () =>
    withFolder((folder) => {
      let left = times;
      const confirm = () => {
        if (left-- > 0) removeDrafts(folder);
        return true;
      };
      assertEquals(nodeStorage.publish(join(folder, "name"), CONTENT, { confirm }), true);
      assertEquals(fs.readdirSync(folder), ["name"]);
      assertEquals(fs.readFileSync(join(folder, "name"), "utf8"), "content");
    }));

  test(`a file is replaced although its draft is removed, ${times} times`, () =>
    withFolder((folder) => {
      let left = times;
      const system = {
        ...fs,
        renameSync(from: fs.PathLike, to: fs.PathLike) {
          if (left-- > 0) removeDrafts(folder);
          fs.renameSync(from, to);
        },
      };
      const path = join(folder, "name");
      fs.writeFileSync(path, "before");
      storageOn({ fs: system, windows: false }).replace(path, CONTENT);
      assertEquals([fs.readdirSync(folder), fs.readFileSync(path, "utf8")], [["name"], "content"]);
    }));

  test(`a topic is created although its folder is removed meanwhile, ${times} times`, () =>
    withFolder(async (root) => {
      let left = times;
      const storage: Storage = {
        ...nodeStorage,
        rename(from, to) {
          if (to.endsWith("/topic") && left-- > 0) fs.rmSync(from, { recursive: true });
          nodeStorage.rename(from, to);
        },
      };
      await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
      await driver.createTopic("topic", { num_partitions: 2 });
      assertEquals([...(await driver.listTopics()).keys()], ["topic"]);
      assertEquals(fs.readdirSync(root), ["topic"]);
    }));
}

test("if its draft is removed every time, publishing fails and leaves nothing", () =>
  withFolder((folder) => {
    const confirm = () => {
      removeDrafts(folder);
      return true;
    };
    const error = assertThrows(
      () => nodeStorage.publish(join(folder, "name"), CONTENT, { confirm }),
      StorageError,
    );
    assertEquals([error.errno, fs.readdirSync(folder)], ["ENOENT", []]);
  }));

test("a folder that is gone with its draft is not waited for", () =>
  withFolder(async (folder) => {
    const inner = join(folder, "inner");
    fs.mkdirSync(inner);
    let asked = 0;
    const confirm = () => {
      asked++;
      fs.rmSync(inner, { recursive: true });
      return true;
    };
    const publish = () => nodeStorage.publish(join(inner, "name"), CONTENT, { confirm });
    await assertRejects(() => Promise.resolve().then(publish), StorageError);
    assertEquals(asked, 1);
  }));

test("a folder that was replaced meanwhile gets nothing", () =>
  withFolder((folder) => {
    const inner = join(folder, "inner");
    fs.mkdirSync(inner);
    let asked = 0;
    const confirm = () => {
      asked++;
      fs.renameSync(inner, join(folder, "before"));
      fs.mkdirSync(inner);
      return true;
    };
    assertThrows(() => nodeStorage.publish(join(inner, "name"), CONTENT, { confirm }), StorageError);
    assertEquals([asked, fs.readdirSync(inner)], [1, []]);
  }));
