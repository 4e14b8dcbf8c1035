// A segment file of another topic, with the same partition and first id, put into a partition by hand (a backup restored in
// the wrong place): its events were read as if they belonged there, new ones were appended to it, and `verify` was silent.
import { assertEquals, assertRejects } from "@std/assert";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { CorruptedLogError, type Topic } from "../../mod.ts";
import type { Finding } from "../../src/log/check/finding.ts";
import { planRepair } from "../../src/log/check/plan.ts";
import { repairPartition } from "../../src/log/check/repair.ts";
import { encodeTombstoneSegment } from "../../src/log/check/tombstone.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import type { Partition } from "../../src/log/partition.ts";
import { segmentName } from "../../src/log/segment/segment_file.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { type ClockStore, NOON, withClock } from "../drivers/files/stepping_clock.ts";
import { test } from "../harness.ts";

/** Runs a test with two topics whose segments begin with the same ids, and have four events each. */
function withTwins(
  segments: number,
  body: (store: ClockStore, other: ClockStore, ids: readonly number[]) => Promise<void>,
): Promise<void> {
  return withClock({}, (store) =>
    withClock({}, async (other) => {
      for (const each of [store, other]) await each.push(each.topic, 4 * segments);
      const [ids, others] = [store, other].map((each) => within(each.partition(), (it) => it.segmentIds()));
      assertEquals([ids!.length, ids], [segments, others]);
      await body(store, other, ids!);
    }));
}

function within<T>(partition: Partition, work: (partition: Partition) => T): T {
  try {
    return work(partition);
  } finally {
    partition.close();
  }
}

/** Replaces a segment by the other topic's. */
function replace(store: ClockStore, other: ClockStore, id: number): void {
  copyFileSync(join(other.folder, segmentName(id)), join(store.folder, segmentName(id)));
}

async function found(partition: Partition): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    for await (const finding of verifyPartition(partition)) findings.push(finding);
  } finally {
    partition.close();
  }
  return findings;
}

async function idsOf(topic: Topic): Promise<number[]> {
  await using consumer = topic.consumer("c", { onCorruption: "skip" });
  const ids: number[] = [];
  for await (const { id } of consumer.events({ until: "end" })) ids.push(id);
  return ids;
}

const REASON =
  "the segments beside it were written with another file of this name: it is of another topic; " +
  "move it away, and restore the one that was here";

for (const [place, at] of [["first", 0], ["middle", 2], ["last", 4]] as const) {
  test(`another topic's segment in the ${place} place is damage, and its events are not read`, () =>
    withTwins(5, async (store, other, ids) => {
      const whole = await idsOf(await store.reopen());
      const [from, end] = [ids[at]!, ids[at + 1] ?? Infinity];
      replace(store, other, from);
      const [finding, ...more] = await found(store.partition());
      assertEquals(more, []);
      const { severity, kind, file, reason } = finding!;
      const path = join(store.folder, segmentName(from));
      assertEquals([severity, kind, file, reason], ["damage", "segment foreign", path, REASON]);
      assertEquals(planRepair([finding!]), { steps: [], unrepairable: [finding] });
      assertEquals(await idsOf(await store.reopen()), whole.filter((id) => id < from || id >= end));
    }));
}

test("of three segments it is the one in the middle that is another topic's", () =>
  withTwins(3, async (store, other, ids) => {
    replace(store, other, ids[1]!);
    const findings = await found(store.partition());
    assertEquals(findings.map(({ kind, firstId }) => [kind, firstId]), [["segment foreign", ids[1]]]);
  }));

test("of two segments that do not belong together none is read", () =>
  withTwins(2, async (store, other, ids) => {
    replace(store, other, ids[0]!);
    const findings = await found(store.partition());
    assertEquals(
      findings.map(({ kind, firstId }) => [kind, firstId]),
      ids.map((id) => ["segment foreign", id]),
    );
    assertEquals(await idsOf(await store.reopen()), []);
  }));

test("nothing is appended to another topic's segment", () =>
  withTwins(3, async (store, other, ids) => {
    replace(store, other, ids[2]!);
    const topic = await store.reopen();
    await using producer = topic.producer({ batchSize: 1 });
    await assertRejects(async () => await producer.push(1), CorruptedLogError, REASON);
  }));

test("verify says where two segments do not follow each other if it cannot tell which one is wrong", () =>
  withTwins(6, async (store, other, ids) => {
    for (const id of ids.slice(2, 4)) replace(store, other, id);
    const findings = (await found(store.partition())).filter(({ kind }) => kind !== "index");
    assertEquals(
      findings.map(({ severity, kind, firstId }) => [severity, kind, firstId]),
      [2, 4].map((at) => ["damage", "segment order", ids[at]]),
    );
  }));

for (const place of [0, 1]) {
  test(`a segment that a repair made in the place of segment ${place} belongs to the others`, () =>
    withTwins(4, async (store, _, ids) => {
      const path = join(store.folder, segmentName(ids[place]!));
      nodeStorage.replace(path, new Uint8Array(100));
      const { steps } = planRepair(await found(store.partition()));
      assertEquals(steps.map(({ kind }) => kind).includes("make segment"), true);
      const partition = store.partition();
      await repairPartition(partition, steps, (file) => `${file}.kept`);
      partition.close();
      assertEquals(await found(store.partition()), []);
      const lost = [ids[place]!, ids[place + 1]!] as const;
      const read = await idsOf(await store.reopen());
      assertEquals(
        read,
        Array.from({ length: 16 }, (_, id) => id).filter((id) => id < lost[0] || id >= lost[1]),
      );
    }));
}

// Repairs by versions that did not look which salt the next segment names: the last segment was refused, and nothing could
// be appended.
for (const place of [0, 1, 2]) {
  test(`a segment with any salt that a repair made in the place of segment ${place} of 4 accuses no other`, () =>
    withTwins(4, async (store, _, ids) => {
      const [baseId, endId] = [ids[place]!, ids[place + 1]!];
      const path = join(store.folder, segmentName(baseId));
      const writer = { salt: 7, sequence: 0, nonceLow: 1, nonceHigh: 2, time: NOON };
      const header = { partition: 0, salt: writer.salt, baseId, created: NOON };
      nodeStorage.replace(path, encodeTombstoneSegment(header, endId, writer));
      nodeStorage.remove(path.replace(/log$/, "idx"));
      assertEquals(await found(store.partition()), []);
      await store.push(await store.reopen(), 1);
      assertEquals(
        await idsOf(await store.reopen()),
        Array.from({ length: 17 }, (_, id) => id).filter((id) => id < baseId || id >= endId),
      );
    }));
}
