// Brokers forget a position that was not committed for some days, also that of an open consumer without a group.
import { assertEquals } from "@std/assert";
import type { Assignment } from "../../../../src/drivers/kafka/consume/assignment.ts";
import type { EpochBefore } from "../../../../src/drivers/kafka/offsets/commit.ts";
import type { Offsets } from "../../../../src/drivers/kafka/offsets/offsets.ts";
import { PositionStore } from "../../../../src/drivers/kafka/consume/position_store.ts";
import { test } from "../../../harness.ts";

/** A store of positions of three partitions, what brokers have, and what was committed: partition, id and epoch. */
function scene() {
  const found = new Map([[0, { position: 20, epoch: 3 }], [1, { position: 7, epoch: -1 }]]);
  const commits: string[] = [];
  let held: Promise<void> | undefined;
  const assignment = {
    assigned: [0, 1, 2],
    async commit(positions: Map<number, number>, epochBefore: EpochBefore = () => 9) {
      await held;
      for (const [partition, id] of positions) {
        commits.push(`${partition}: ${id} of ${epochBefore(partition, id)}`);
        found.set(partition, { position: id, epoch: epochBefore(partition, id) });
      }
    },
  } as unknown as Assignment;
  const storedWithEpochs = () => Promise.resolve(new Map(found));
  const store = new PositionStore(
    "c",
    { storedWithEpochs } as unknown as Offsets,
    assignment,
  );
  return { store, found, commits, hold: (until: Promise<void>) => void (held = until) };
}

async function committed(commits: string[], count: number): Promise<string[]> {
  while (commits.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  return commits.splice(0);
}

test("kafka: the positions of a consumer without a group are committed every so often, with their epochs", async () => {
  const { store, commits } = scene();
  await store.load([0, 1, 2]);
  store.renewEvery(5);
  // A busy machine may have committed them several times by now.
  assertEquals((await committed(commits, 2)).slice(0, 2), ["0: 20 of 3", "1: 7 of -1"]);
  await store.acknowledge(0, 21);
  const renewed = await committed(commits, 4);
  assertEquals(renewed.filter((one) => one.startsWith("0")).at(-1), "0: 21 of 9");
  await store.close();
  commits.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(commits, []);
});

test("kafka: a position that was deleted, or moved from outside, is not committed once more", async () => {
  const { store, found, commits } = scene();
  await store.load([0, 1, 2]);
  found.delete(0);
  found.set(1, { position: 3, epoch: 2 });
  found.set(2, { position: 5, epoch: 2 });
  store.renewEvery(2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await store.close();
  assertEquals(commits, []);
});

test("kafka: what is acknowledged while positions are committed once more is stored after them", async () => {
  const { store, commits, hold } = scene();
  await store.load([0, 1]);
  let release: () => void = () => {};
  hold(new Promise((resolve) => release = resolve));
  store.renewEvery(5);
  await new Promise((resolve) => setTimeout(resolve, 15));
  const acknowledging = Promise.all([store.acknowledge(0, 30), store.set(new Map([[1, 2]]))]);
  await new Promise((resolve) => setTimeout(resolve, 15));
  release();
  await acknowledging;
  await store.close();
  assertEquals([
    commits.findLast((one) => one.startsWith("0")),
    commits.findLast((one) => one.startsWith("1")),
  ], [
    "0: 30 of 9",
    "1: 2 of 9",
  ]);
});
