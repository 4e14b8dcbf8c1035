// The lock around appends, between processes.
import { assertEquals, assertGreater } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type Topic } from "../../mod.ts";
import { LEASE_MS } from "../../src/storage/file_lock.ts";
import { test } from "../harness.ts";
import { Child } from "./child_process.ts";
import { RUNTIMES } from "./runtimes.ts";

/** Runs a body with a topic whose driver uses the lock. */
async function withLocking(
  body: (place: { folder: string; topic: Topic; lockFile: string }) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-locking-"));
  try {
    await using driver = await Driver.open("files", { root_path: folder, use_file_locking: true });
    await driver.createTopic("locked", {});
    await using topic = await driver.openTopic("locked");
    await body({ folder, topic, lockFile: `${folder}/locked/partitions/00000000.lock` });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A push that waits for the lock, and how long it took, in milliseconds. */
async function timedPush(topic: Topic): Promise<{ id: number; tookMs: number }> {
  await using producer = topic.producer("test");
  const began = performance.now();
  const id = await producer.push({});
  return { id, tookMs: performance.now() - began };
}

test("processes that hold the lock exclude each other", async () => {
  await withLocking(async ({ folder, lockFile }) => {
    const numberFile = `${folder}/number`;
    writeFileSync(numberFile, "0");
    const runtimes = [...RUNTIMES, ...RUNTIMES];
    const children = runtimes.map((runtime) =>
      new Child(runtime, "increment", [folder, "locked", lockFile, numberFile, "40"])
    );
    for (const child of children) await child.finish();
    assertEquals(readFileSync(numberFile, "utf8"), String(40 * runtimes.length));
    assertEquals(existsSync(lockFile), false);
  });
});

test("with use_file_locking a push waits for the process that has the lock", async () => {
  await withLocking(async ({ folder, topic, lockFile }) => {
    const file = `${folder}/wanted`;
    const child = new Child(RUNTIMES[0], "hold", [folder, "locked", lockFile, file]);
    assertEquals(await child.line(), "held");
    writeFileSync(file, "");
    const { id } = await timedPush(topic);
    assertEquals([id, readFileSync(file, "utf8")], [0, "held"]);
    assertEquals(existsSync(lockFile), false);
    await child.finish();
  });
});

test("a process killed while holding the lock delays the others by one lease only", async () => {
  await withLocking(async ({ folder, topic, lockFile }) => {
    const child = new Child(RUNTIMES[0], "hold", [folder, "locked", lockFile, `${folder}/never`]);
    assertEquals(await child.line(), "held");
    await child.kill();
    assertEquals(existsSync(lockFile), true);
    const { id, tookMs } = await timedPush(topic);
    assertEquals(id, 0);
    assertGreater(tookMs, LEASE_MS * 0.9);
    assertEquals(await timedPush(topic).then(({ id }) => id), 1);
    assertEquals(existsSync(lockFile), false);
  });
});

test("producers of several processes with locking store everything once", async () => {
  await withLocking(async ({ folder, topic }) => {
    const EVENTS = 2000;
    const children = RUNTIMES.map((runtime, run) =>
      new Child(runtime, "flood", [folder, "locked", String(run), String(EVENTS), `${folder}/${run}.ids`], {
        locking: true,
      })
    );
    for (const child of children) await child.line();
    for (const child of children) child.say("go");
    for (const child of children) await child.finish();
    const ids = RUNTIMES.flatMap((_, run) => {
      const bytes = new Uint8Array(readFileSync(`${folder}/${run}.ids`));
      return [...new Float64Array(bytes.buffer)];
    });
    assertEquals(ids.sort((a, b) => a - b), Array.from({ length: EVENTS * RUNTIMES.length }, (_, id) => id));
    assertEquals((await topic.describe())[0].nextId, ids.length);
  });
});
