// Retention was applied only when a new segment began, which on a full disk none can: what was acknowledged or became old
// after the disk was full stayed there, and pushes were refused for ever.
import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { StorageError, type Topic } from "../../mod.ts";
import { type ClockStore, firstIdOf, HOUR, SECOND, withClock } from "../drivers/files/stepping_clock.ts";
import { test } from "../harness.ts";

/** Makes the disk refuse new segments while there are that many bytes in the partition. */
function limitDisk({ storage, folder }: ClockStore, bytesMax: number): void {
  const { publish } = storage;
  storage.publish = (path, ...rest) => {
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    if (path.endsWith(".log") && bytes > bytesMax) {
      throw new StorageError("ENOSPC", `Cannot write "${path}": the disk is full`, { canRetry: true });
    }
    return publish(path, ...rest);
  };
}

async function acknowledgeAll(topic: Topic): Promise<void> {
  await using consumer = topic.consumer("worker");
  for await (const events of consumer.batches({ until: "end" })) await events.at(-1)!.acknowledge();
}

const WAYS: Record<string, [Record<string, number | boolean>, (store: ClockStore) => Promise<void> | void]> =
  {
    "acknowledged": [{ retention_acknowledged: true }, ({ topic }) => acknowledgeAll(topic)],
    "old": [{ retention_seconds: 600 }, ({ setClock }) => setClock(HOUR)],
  };

for (const [what, [options, happens]] of Object.entries(WAYS)) {
  test(`events that are ${what} only after the disk was full make room for the same producer`, () =>
    withClock(options, async (store) => {
      limitDisk(store, 30_000);
      await using producer = store.topic.producer("app", { batchSize: 1 });
      const push = () => producer.push({ text: "x".repeat(1000) });
      const fill = async () => {
        for (;;) await push();
      };
      await assertRejects(fill, StorageError, "the disk is full");
      assertEquals(await firstIdOf(store.topic), 0);
      store.setClock(2 * SECOND);
      await happens(store);
      // This one finds the disk full, and the room for the next one.
      await assertRejects(() => push().wait(), StorageError, "the disk is full");
      const id = await push();
      assertGreater(await firstIdOf(store.topic), 0);
      assertEquals((await store.topic.describe())[0].nextId, id + 1);
    }));
}

// A trim that removes everything ends the last segment first, and begins another one, for which there was no room: so nothing
// could be removed on a full disk.
test("a trim of everything removes it on a full disk, too", () =>
  withClock({}, async (store) => {
    limitDisk(store, 30_000);
    await using producer = store.topic.producer("app", { batchSize: 1 });
    const fill = async () => {
      for (;;) await producer.push({ text: "x".repeat(1000) });
    };
    await assertRejects(fill, StorageError, "the disk is full");
    const [{ nextId, bytes }] = await store.topic.describe();
    const [trimmed] = await store.topic.trim({ maxBytes: 0 });
    assertEquals([trimmed.firstIdBefore, trimmed.firstId], [0, nextId]);
    assertGreater(trimmed.bytes, bytes - 1);
    assertEquals(await producer.push({ again: true }), nextId);
  }));
