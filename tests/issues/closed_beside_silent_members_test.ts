// Closing a consumer that had just been opened under the name of a group waited for twice the timeout of a member of
// which nothing was heard, on another machine: with a roster that a program of someone else had written, for ever.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Driver } from "../../mod.ts";
import { RosterFiles, vacant } from "../../src/groups/roster.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

test("a consumer is closed at once while it waits to know whether members of its name are alive", async () => {
  const root = mkdtempSync(join(memoryFolder, "diaspora-silent-members-"));
  try {
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("jobs");
    await using topic = await driver.openTopic("jobs");
    await using member = topic.consumer("workers", { group: true });
    await member.ready();
    await member.close();
    const files = new RosterFiles(nodeStorage, join(root, "jobs/consumers/workers/group"), 1);
    const far = { id: "far", host: "there", pid: 1, started: "then", timeoutMs: 1e308, renewals: 0 };
    files.publish(files.read(), { members: [far], shares: vacant(1, 1) });

    const lone = topic.consumer("workers");
    const opened = lone.ready().catch((error) => error.code);
    // It has to be waiting.
    assertEquals(await Promise.race([opened, sleep(300, "waits")]), "waits");
    const closed = lone.close().then(() => "closed");
    const limit = new AbortController();
    const late = sleep(5000, "waits", { signal: limit.signal }).catch(() => {});
    assertEquals(await Promise.race([closed, late]), "closed");
    limit.abort();
    await opened;
  } finally {
    rmSync(root, { recursive: true });
  }
});
