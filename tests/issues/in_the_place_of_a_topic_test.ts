// A folder or file of another kind where a topic would go: createTopic said "it already exists", openTopic "no such
// topic", and topicExists false. And a path with a NUL character failed as an unknown storage error in each call.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, InvalidOptionError, TopicExistsError } from "../../mod.ts";
import { test } from "../harness.ts";

test("what is in the place of a new topic is named, and stays", async () => {
  const root = await mkdtemp(join(tmpdir(), "diaspora-place-"));
  try {
    await writeFile(join(root, "file"), "mine");
    await mkdir(join(root, "folder"));
    await symlink("nowhere", join(root, "link"));
    await using driver = await Driver.open("files", { root_path: root });
    for (const name of ["file", "folder", "link"]) {
      assertEquals(await driver.topicExists(name), false);
      await assertRejects(
        () => driver.createTopic(name),
        TopicExistsError,
        `Cannot create topic "${name}": "${join(root, name)}" is in its place and is not a topic`,
      );
    }
    await driver.createTopic("topic");
    await assertRejects(() => driver.createTopic("topic"), TopicExistsError, "it already exists");
  } finally {
    await rm(root, { recursive: true });
  }
});

test("a root_path with a NUL character is refused when the driver is opened", async () => {
  await assertRejects(
    () => Driver.open("files", { root_path: "a\0b" }),
    InvalidOptionError,
    "text without NUL characters",
  );
});
