import { assert, assertEquals } from "@std/assert";
import {
  partitionBytes,
  RESPONSE_BYTES_MAX,
  withRoom,
} from "../../../../src/drivers/kafka/fetch/fetch_size.ts";
import type { PartitionQueue } from "../../../../src/drivers/kafka/fetch/partition_queue.ts";
import { test } from "../../../harness.ts";

const MIB = 1024 * 1024;

interface State {
  responses?: number;
  bytes?: number;
  eventBytes?: number;
  batchBytes?: number;
}

function queue(state: State): PartitionQueue {
  return { responses: 0, bytes: 0, eventBytes: 0, batchBytes: 0, ...state } as PartitionQueue;
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
  assertEquals(partitionBytes(huge, [huge]), RESPONSE_BYTES_MAX);
  assertEquals(partitionBytes(huge, [huge, huge]), RESPONSE_BYTES_MAX / 2);
  assertEquals(partitionBytes(huge, Array(100).fill(huge)), MIB);
});

// A broker sends bytes up to the limit. Of batches of 722,442 bytes two came whole in 2 MiB, and 652,268 bytes of a
// third, which were thrown away: with four partitions 43 % more was received than read.
test("what a broker sends ends with a whole batch, or a little later", () => {
  for (const batchBytes of [70, 10_000, 722_442, 900_000, 1_400_000]) {
    for (const partitions of [1, 4, 100]) {
      const one = queue({ eventBytes: 65_536, batchBytes });
      const sent = partitionBytes(one, Array(partitions).fill(one));
      for (const grownBytes of [batchBytes, Math.floor(batchBytes * 1.015)]) {
        const read = Math.floor(sent / grownBytes) * grownBytes;
        assert(read >= sent / 1.02, `${read} of ${sent} bytes`);
      }
    }
  }
});

test("batches that are far larger than a partition's part of a response do not enlarge it", () => {
  const one = queue({ eventBytes: 65_536, batchBytes: 12 * MIB });
  assertEquals(partitionBytes(one, Array(4).fill(one)), RESPONSE_BYTES_MAX / 4);
});
