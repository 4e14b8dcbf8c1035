import { assertEquals } from "@std/assert";
import { PartitionTurns } from "../../src/consumer/partition_turns.ts";
import type { IncomingBatch } from "../../src/contract.ts";
import { test } from "../harness.ts";

/** What `noteRead` looks at. */
function batch(count: number, hasMore?: boolean): IncomingBatch {
  return { count, ...(hasMore === undefined ? {} : { hasMore }) } as IncomingBatch;
}

test("partitions are read in turn, one batch each, unless the engine has more at hand", () => {
  const turns = new PartitionTurns(10);
  const order = [7, 8, 9, 7].map(() => {
    const partition = turns.next([7, 8, 9]);
    turns.noteRead(batch(3));
    return partition;
  });
  assertEquals(order, [7, 8, 9, 7]);
  assertEquals(turns.next([]), undefined);
});

test("a partition with more at hand is read on, up to the events of a turn", () => {
  const turns = new PartitionTurns(10);
  const read: string[] = [];
  for (let reads = 0; reads < 6; reads++) {
    const partition = turns.next([7, 8]);
    read.push(`${partition}:${turns.eventsLeft}`);
    turns.noteRead(batch(4, true));
  }
  assertEquals(read, ["7:10", "7:6", "7:2", "8:10", "8:6", "8:2"]);
});

test("a turn ends when a read finds nothing, and when the partition is taken away", () => {
  const turns = new PartitionTurns(10);
  assertEquals(turns.next([7, 8]), 7);
  turns.noteRead(batch(1, true));
  assertEquals(turns.next([7, 8]), 7);
  // Nothing was read: all others come before it is read again.
  assertEquals([turns.next([7, 8]), turns.next([7, 8])], [8, 7]);
  turns.noteRead(batch(1, true));
  assertEquals([turns.next([8]), turns.eventsLeft], [8, 10]);
});
