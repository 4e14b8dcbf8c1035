// Events of aborted transactions were delivered: of two that one producer had aborted in one answer of a broker, the
// first; and those of an aborted one whose marker came in a later answer, which is usual for transactions of 1 MiB.
// Once they were left out, reading to the end stopped at an answer that had nothing else. The client's filter did that.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import {
  dropAborted,
  readCommitted,
  type TransactionBatch,
} from "../../src/drivers/kafka/client/committed_fetch.ts";
import type { FetchedPartition } from "../../src/drivers/kafka/format/fetched.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { RawReader } from "../../src/drivers/kafka/fetch/raw_reader.ts";
import { INTACT } from "../drivers/kafka/intact.ts";
import { test } from "../harness.ts";

const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;

/** Batches of two records, and markers of one, at consecutive offsets: "t1" is a batch of producer 1, "A1" its abort. */
function batchesOf(script: string): TransactionBatch[] {
  let offset = 0n;
  return script.split(" ").map((step) => {
    const [kind, producer] = [step[0], BigInt(step.slice(1) || "9")];
    const firstOffset = offset;
    const isMarker = kind === "C" || kind === "A";
    offset += isMarker ? 1n : 2n;
    return {
      firstOffset,
      lastOffsetDelta: isMarker ? 0 : 1,
      attributes: (isMarker ? CONTROL : 0) | (kind === "n" ? 0 : TRANSACTIONAL),
      producerId: producer,
      records: isMarker ? [{ key: Buffer.from([0, 0, 0, kind === "C" ? 1 : 0]) }] : [{}, {}],
    };
  });
}

for (
  const [script, aborted, left] of [
    ["t1 A1 t1 A1", [[1, 0], [1, 3]], ""],
    ["t1 A1 t1 C1 t1 A1", [[1, 6], [1, 0]], "3"],
    ["t1 t1 t1", [[1, 0]], ""],
    ["t1 t2 n1 A1 t1 C2 C1", [[1, 0]], "2 4 7"],
    ["t1 t2 C2 A1 t2 t1 A2 C1", [[1, 0], [2, 6]], "2 8"],
    ["t1 C1 t1", [[1, 3]], "0"],
    ["t1 C1", [], "0"],
  ] as const
) {
  test(`of "${script}" the events of aborted transactions are dropped, and no others`, () => {
    const batches = batchesOf(script);
    const count = batches.length;
    dropAborted(
      batches,
      aborted.map(([producer, first]) => ({ producerId: BigInt(producer), firstOffset: BigInt(first) })),
    );
    const kept = batches.filter(({ attributes, records }) =>
      (attributes & CONTROL) === 0 && records.length > 0
    );
    assertEquals(kept.map(({ firstOffset }) => String(firstOffset)).join(" "), left);
    assertEquals(batches.length, count, "the batches stay, so that reading goes on after them");
  });
}

test("brokers are asked for committed transactions, whatever the client would ask for", () => {
  const kGetApi = Symbol("the client's way to its requests");
  const asked: unknown[] = [];
  const batches = batchesOf("t1 A1 t1 A1");
  const abortedTransactions = [0n, 3n].map((firstOffset) => ({ producerId: 1n, firstOffset }));
  const answer = { responses: [{ partitions: [{ records: batches, abortedTransactions }] }] };
  const api = Object.assign((_: unknown, ...parameters: unknown[]) => {
    asked.push(parameters[3]);
    (parameters.at(-1) as (error: null, answer: unknown) => void)(null, answer);
  }, { version: 17 });
  const client = {
    [kGetApi]: (_: string, callback: (error: null, found: typeof api) => void) => callback(null, api),
  };
  readCommitted(client as never, { kGetApi, FetchIsolationLevels: { READ_COMMITTED: 1 } } as never);
  let events = -1;
  const count = () => events = batches.filter(({ records }) => records.length === 2).length;
  client[kGetApi]("Fetch", (_, found) => found({}, 500, 1, 1000, 0, 0, 0, [], [], "", count));
  assertEquals([asked, events], [[1], 0]);
});

test("a read to the end goes on after an answer without events, and ends where an open transaction begins", () => {
  const queue = new PartitionQueue(INTACT);
  const answerOf = (records: unknown[], ends: { highWatermark: bigint; lastStableOffset: bigint }) =>
    ({ records, ...ends }) as unknown as FetchedPartition;
  const aborted = { ...batchesOf("t1")[0], records: [] };
  queue.accept(answerOf([aborted], { highWatermark: 9n, lastStableOffset: 7n }));
  assertEquals([queue.fetchOffset, queue.reaches(9)], [2, false]);
  queue.accept(answerOf([], { highWatermark: 9n, lastStableOffset: 2n }));
  assertEquals(queue.reaches(9), true);
  queue.accept(answerOf([], { highWatermark: 9n, lastStableOffset: -1n }));
  assertEquals(queue.reaches(9), false, "those who read uncommitted events read to the end");
});

test("a look at the next event does not wait for the end of an open transaction", async () => {
  const partition = { leader: 1, replicas: [1] };
  const client = {
    metadata: () =>
      Promise.resolve({
        topics: new Map([["t", { id: "i", partitions: [partition], partitionsCount: 1 }]]),
        brokers: new Map([[1, { host: "a", port: 1 }]]),
      }),
  };
  const request = () =>
    Promise.resolve({
      responses: [{ topicId: "i", partitions: [{ partitionIndex: 0, highWatermark: 9n, records: [] }] }],
    });
  const settings = { fetch: { bytesMax: 1000 } };
  const ask = (_: string, read: (admin: unknown) => unknown) => read(client);
  const reader = new RawReader({ ask, consumer: () => client, request, settings } as unknown as Cluster);
  assertEquals(await reader.read({ kafkaName: "t", partition: 0, offset: 2, recordsMax: 1 }), []);
});
