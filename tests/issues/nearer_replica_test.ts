// With `client.rack`, reading a topic to its end returned no events: the leader's first answer had none, only
// the id of the nearest replica, and the reader concluded that there were no events. A replica that lags a
// little may know fewer events than are known to be stored, so an empty answer from it proves nothing about
// those.
import { assert, assertEquals } from "@std/assert";
import type { FetchedPartition } from "../../src/drivers/kafka/format/fetched.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { INTACT } from "../drivers/kafka/intact.ts";
import { test } from "../harness.ts";

function answerOf(highWatermark: bigint, records: unknown[] = []): FetchedPartition {
  return { records, highWatermark } as unknown as FetchedPartition;
}

function queueAt(position: number): PartitionQueue {
  return new PartitionQueue({ ...INTACT, position });
}

test("events that a leader does not return do not exist", () => {
  const queue = queueAt(10);
  queue.accept(answerOf(10n));
  assert(queue.reaches(20));
  assertEquals(queue.position, 10);
});

test("events that a replica does not return may exist until it has caught up", () => {
  const queue = queueAt(10);
  queue.readsReplica = true;
  queue.accept(answerOf(10n));
  assert(!queue.reaches(20));
  assert(queue.reaches(10));
  queue.accept(answerOf(20n, [{ firstOffset: 10n, lastOffsetDelta: 9, attributes: 0, records: [] }]));
  assert(queue.reaches(20));
});
