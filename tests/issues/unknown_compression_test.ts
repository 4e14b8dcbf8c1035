// A consumer on Node 20 that met one batch compressed by zstd stopped on all its partitions, and said so again and
// again; `lag` and `describe` of the topic failed, too. Node knows zstd from version 22.15 on. The events are not
// damaged, so `onCorruption: "skip"` does not skip them: their partition stops before them, with one error that says
// what to do, and the others are read on.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { NotSupportedError } from "../../src/errors.ts";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { dropAborted } from "../../src/drivers/kafka/client/committed_fetch.ts";
import type { FetchedPartition } from "../../src/drivers/kafka/format/fetched.ts";
import { withRoom } from "../../src/drivers/kafka/fetch/fetch_size.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { RawReader } from "../../src/drivers/kafka/fetch/raw_reader.ts";
import { formatOf } from "../../src/drivers/kafka/format/record.ts";
import { valuesOf } from "../drivers/kafka/values.ts";
import { INTACT } from "../drivers/kafka/intact.ts";
import { test } from "../harness.ts";

const FORMAT = formatOf("default");
const TRANSACTIONAL = 1 << 4;
const [VALUE] = valuesOf({ count: 1, metadata: ["{}"], dataBytes: 0 }, FORMAT);

/** Two events from an id on, or two that cannot be decompressed here. */
function batchOf(first: number, unknownCodec?: string) {
  const records = [0, 1].map((offsetDelta) => ({ offsetDelta, timestampDelta: 0n, key: null, value: VALUE }));
  return {
    firstOffset: BigInt(first),
    lastOffsetDelta: 1,
    firstTimestamp: 1000n,
    maxTimestamp: 1000n,
    attributes: TRANSACTIONAL,
    producerId: 1n,
    length: 100,
    ...(unknownCodec === undefined ? { records } : { records: [], unknownCodec }),
  };
}

function answer(...records: unknown[]): FetchedPartition {
  return { records, highWatermark: 100n, lastStableOffset: 100n } as unknown as FetchedPartition;
}

function queueAt(position: number): PartitionQueue {
  const what = 'read topic "t" partition 3';
  return new PartitionQueue({ ...INTACT, partition: 3, position, format: FORMAT, what });
}

test("a partition is read up to a batch that cannot be decompressed, then fails once, and the others go on", () => {
  const queue = queueAt(0);
  queue.accept(answer(batchOf(0), batchOf(2, "zstd"), batchOf(4)));
  assertEquals([queue.hasNews, queue.isStopped, queue.fetchOffset], [true, false, 2]);
  const skipped: unknown[] = [];
  assertEquals(queue.take(9, (error) => skipped.push(error))?.count, 2);
  assertEquals([queue.hasNews, queue.isStopped], [true, false]);
  const error = assertThrows(() => queue.take(9, (error) => skipped.push(error)), NotSupportedError);
  assertStringIncludes(
    error.message,
    'Cannot read topic "t" partition 3 from event 2 on: it is compressed by "zstd"',
  );
  assertStringIncludes(error.message, "from version 22.15 on");
  assertEquals([queue.take(9), queue.hasNews, queue.isStopped, queue.position], [undefined, false, true, 2]);
  assertEquals([skipped, queue.obstacle], [[], error]);
  const healthy = queueAt(0);
  const limits = { responsesMax: 2, bufferedBytesMax: 1000 };
  assertEquals(withRoom([queue, healthy], [queue, healthy], limits), [healthy], "it is not fetched again");
});

test("after a seek the partition is read on", () => {
  const queue = queueAt(2);
  queue.accept(answer(batchOf(2, "zstd")));
  assertThrows(() => queue.take(9), NotSupportedError);
  queue.seek(4);
  assertEquals([queue.obstacle, queue.isStopped], [undefined, false]);
  queue.accept(answer(batchOf(4)));
  assertEquals(queue.take(9)?.baseId, 4);
  queue.seek(3);
  // Brokers return whole batches.
  queue.accept(answer(batchOf(2, "zstd")));
  assertThrows(() => queue.take(9), NotSupportedError, "from event 3 on");
});

test("an aborted transaction is skipped, however it is compressed", () => {
  const aborted = batchOf(0, "zstd");
  dropAborted([aborted], [{ producerId: 1n, firstOffset: 0n }]);
  const queue = queueAt(0);
  queue.accept(answer(aborted, batchOf(2)));
  assertEquals([queue.take(9)?.baseId, queue.obstacle], [2, undefined]);
});

test("lag knows the time of an event that cannot be decompressed, and a document in such a batch is an error", async () => {
  const client = {
    metadata: () =>
      Promise.resolve({
        topics: new Map([["t", { id: "i", partitions: [{ leader: 1 }] }]]),
        brokers: new Map([[1, { host: "a", port: 1 }]]),
      }),
  };
  const fetched = () => Promise.resolve({ responses: [{ partitions: [answer(batchOf(2, "zstd"))] }] });
  const settings = { fetch: { bytesMax: 1000 } };
  const ask = (_: string, read: (admin: unknown) => unknown) => read(client);
  const cluster = { ask, consumer: () => client, request: fetched, settings };
  const reader = new RawReader(cluster as unknown as Cluster);
  const request = { kafkaName: "t", partition: 0, offset: 3, recordsMax: 1 };
  const [time] = await reader.read({ ...request, onlyTimes: true });
  assertEquals([time.offset, time.timestamp], [3, 1000]);
  await assertRejects(() => reader.read(request), NotSupportedError, 'topic "t" partition 0 event 3');
});
