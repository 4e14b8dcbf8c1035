// A segment file in the place of another one, such as one restored from a backup into another partition: readers gave its
// events the ids of the events that had been there, and writers appended to it. Only `verify` said so.
import { assertEquals, assertRejects } from "@std/assert";
import { copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { CorruptedLogError, type Damage, type Topic } from "../../mod.ts";
import { type ClockStore, withClock } from "../drivers/files/stepping_clock.ts";
import { test } from "../harness.ts";

/** Runs a test with twelve events in partition 0, in segments of three, and others in partition 1. */
function withSegments(body: (store: ClockStore, ids: readonly number[]) => Promise<void>): Promise<void> {
  return withClock({ num_partitions: 2 }, async (store) => {
    await store.push(store.topic, 24);
    const partition = store.partition();
    const ids = partition.segmentIds();
    partition.close();
    await body(store, ids);
  });
}

const segment = (folder: string, id: number) => join(folder, `${String(id).padStart(20, "0")}.log`);

/** The ids that a reader of partition 0 gets, and the ids that are reported as damaged. */
async function read(
  topic: Topic,
): Promise<{ ids: number[]; damaged: [number, number][]; reasons: string[] }> {
  const damages: Damage[] = [];
  await using consumer = topic.consumer("c", {
    partitions: [0],
    onCorruption: "skip",
    onDamage: ({ damage }) => damages.push(damage),
  });
  const ids: number[] = [];
  for await (const { id } of consumer.events({ until: "end" })) ids.push(id);
  return {
    ids,
    damaged: damages.map(({ firstId, endId }) => [firstId, endId]),
    reasons: damages.map(({ reason }) => reason),
  };
}

test("a segment of another partition is damage, not events under wrong ids", () =>
  withSegments(async (store, [first, second, third]) => {
    const { ids: whole } = await read(await store.reopen());
    copyFileSync(segment(join(store.folder, "../00000001"), first!), segment(store.folder, second!));
    const { ids, damaged, reasons } = await read(await store.reopen());
    assertEquals(ids, whole.filter((id) => id < second! || id >= third!));
    assertEquals(damaged, [[second!, third!]]);
    assertEquals(reasons, [
      "the file was written for partition 1; move it away, and restore the one that was here",
    ]);
  }));

test("nothing is appended to a segment that was renamed", () =>
  withSegments(async (store, ids) => {
    const last = ids.at(-1)!;
    renameSync(segment(store.folder, ids[0]!), segment(store.folder, last));
    const topic = await store.reopen();
    await using producer = topic.producer({ batchSize: 1 });
    const why = "the file was written for first id 0; move it away";
    await assertRejects(
      async () => await producer.push(1, undefined, { partition: 0 }),
      CorruptedLogError,
      why,
    );
  }));
