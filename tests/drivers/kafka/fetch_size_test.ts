import { assertEquals } from "@std/assert";
import { partitionBytes, withRoom } from "../../../src/drivers/kafka/fetch_size.ts";
import type { PartitionQueue } from "../../../src/drivers/kafka/partition_queue.ts";
import { test } from "../../harness.ts";

const MIB = 1024 * 1024;

function queue(state: { responses?: number; bytes?: number; eventBytes?: number }): PartitionQueue {
  return { responses: 0, bytes: 0, eventBytes: 0, ...state } as PartitionQueue;
}

test("a partition is fetched while little of it is buffered, and one without new events in any case", () => {
  const all = [queue({}), queue({ responses: 1, bytes: 60 }), queue({ responses: 2, bytes: 40 })];
  const wanted = (bufferedBytesMax: number) =>
    withRoom(all, all, { responsesMax: 2, bufferedBytesMax }).map(({ responses }) => responses);
  assertEquals(wanted(101), [0, 1]);
  assertEquals(wanted(100), [0]);
});

test("a response has some hundred events of a partition, within the partition's share of the limit", () => {
  const small = queue({ eventBytes: 100 });
  assertEquals(partitionBytes(small, [small]), MIB);
  const large = queue({ eventBytes: 4096 });
  assertEquals(partitionBytes(large, [large]), 512 * 4096);
  const huge = queue({ eventBytes: MIB });
  assertEquals(partitionBytes(huge, [huge]), 8 * MIB);
  assertEquals(partitionBytes(huge, [huge, large]), 4 * MIB);
  assertEquals(partitionBytes(huge, Array(100).fill(huge)), MIB);
});
