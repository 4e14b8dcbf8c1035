// A process that may read a store but not write to it.
import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { ObedientChild } from "./obedient_child.ts";
import { ROOT, RUNTIMES } from "./runtimes.ts";

/** The superuser ignores permissions: the process switches to another user. */
const isSuperuser = process.getuid?.() === 0;
const NO_ONE = ["--reuid=65534", "--regid=65534", "--clear-groups"];
const SHELL = isSuperuser ? `export HOME=/nonexistent; exec setpriv ${NO_ONE.join(" ")} "$@"` : 'exec "$@"';

function whyNot(): string | false {
  if (!isSuperuser) return false;
  const { status, error } = spawnSync("setpriv", [...NO_ONE, "test", "-r", `${ROOT}mod.ts`]);
  if (error !== undefined) return "modes mean nothing to the superuser, and setpriv is not installed";
  return status === 0
    ? false
    : "modes mean nothing to the superuser, and no one else may read the repository";
}

const SKIP = { skip: whyNot() };
const REFUSED = "failed ERR_STORAGE EACCES false";

/** Sets the permissions of everything at or under a folder. */
function setModes(folder: string, modes: { folders: number; files: number }): void {
  chmodSync(folder, modes.folders);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? modes.folders : modes.files);
  }
}

for (const runtime of RUNTIMES) {
  test(
    `a ${runtime} process without write permission can read, and writes once permitted`,
    SKIP,
    async () => {
      const rootPath = await mkdtemp(join(tmpdir(), "diaspora-permissions-"));
      try {
        await using driver = await Driver.open("files", { root_path: rootPath });
        await driver.createTopic("guarded", {});
        await using topic = await driver.openTopic("guarded");
        await using producer = topic.producer("test");
        await producer.push({});
        setModes(rootPath, { folders: 0o555, files: 0o444 });
        const place = { runtime, rootPath, topic: "guarded" };
        await ObedientChild.during(place, { shell: SHELL }, async (child) => {
          assertEquals(await child.order("push"), REFUSED);
          assertEquals(await child.order("pull"), "event 0");
          assertEquals(await child.order("acknowledge"), REFUSED);
          setModes(rootPath, { folders: 0o777, files: 0o666 });
          assertEquals(await child.order("push"), "stored 1");
          assertEquals(await child.order("acknowledge"), "acknowledged");
          assertEquals(await child.order("pull"), "event 1");
        });
        assertEquals(await producer.push({}), 2);
        assertEquals((await topic.lag("obeying"))[0].position, 1);
      } finally {
        setModes(rootPath, { folders: 0o700, files: 0o600 });
        await rm(rootPath, { recursive: true });
      }
    },
  );
}
