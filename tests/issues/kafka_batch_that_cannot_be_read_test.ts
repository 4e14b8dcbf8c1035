// One batch that could not be read kept its partition from being read at all: the client took its bytes for records
// and failed, or found no end, and the same response was fetched again and again. That happened with batches in the
// format of Kafka before 0.11, with an impossible length, which no checksum covers, and with records that do not fit
// into their batch or cannot be decompressed. It is damage now: the events before and after it are read. What stands in
// it for the epoch of its leader is not one: brokers were asked about it, and a reader learned that events were lost.
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { CorruptedLogError } from "../../mod.ts";
import { readFetches } from "../../src/drivers/kafka/client/checked_fetch.ts";
import { loadClient } from "../../src/drivers/kafka/client.ts";
import type { FetchedPartition } from "../../src/drivers/kafka/format/fetched.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { formatOf } from "../../src/drivers/kafka/format/record.ts";
import { valuesOf } from "../drivers/kafka/values.ts";
import { test } from "../harness.ts";

const client = await loadClient();
const FORMAT = formatOf("default");

/** A stored batch with one event for each id from the first one on. */
function batchOf(first: number, count: number, compression: "none" | "gzip" = "none"): Buffer {
  const metadata = Array.from({ length: count }, (_, index) => `{"id":${first + index}}`);
  const values = valuesOf({ count, metadata, dataBytes: 0 }, FORMAT);
  const batch = client.createRecordsBatch(
    values.map((value) => ({ topic: "t", partition: 0, value })),
    { compression },
  );
  const bytes = Buffer.from(batch.buffer);
  bytes.writeBigInt64BE(BigInt(first), 0);
  return bytes;
}

/** With a checksum that fits. */
function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(client.crc32c(new Uint8Array(bytes.subarray(21))), 17);
  return bytes;
}

/** What the client makes of a response with these batches. */
function fetched(batches: Buffer): FetchedPartition {
  const answer = client.Writer.create().appendInt32(0).appendInt16(0).appendInt32(0)
    .appendArray([0], (w) => {
      w.appendUUID("00000000-0000-0000-0000-000000000007").appendArray([0], (w) => {
        w.appendInt32(0).appendInt16(0).appendInt64(100n).appendInt64(100n).appendInt64(0n)
          .appendUnsignedVarInt(0).appendInt32(-1).appendUnsignedVarInt(batches.length + 1).append(batches);
      });
    }).appendTaggedFields().buffer;
  type GetApi = (name: string, callback: (error: null, api: unknown) => void) => void;
  const consumer: Record<symbol, GetApi> = {
    [client.kGetApi]: (_name, callback) => callback(null, client.fetchV17.api),
  };
  readFetches(consumer as never, client, true);
  let parsed!: { responses: { partitions: FetchedPartition[] }[] };
  const send = (
    ...[key, version, , parse]: [number, number, unknown, (...given: unknown[]) => typeof parsed]
  ) => parsed = parse(1, key, version, client.Reader.from(answer));
  consumer[client.kGetApi]("Fetch", (_, api) => {
    (api as (...given: unknown[]) => void)({ send }, 0, 0, 0, 0, 0, 0, [], [], "", () => {});
  });
  return parsed.responses[0].partitions[0];
}

function queueOf(batches: Buffer): PartitionQueue {
  const queue = new PartitionQueue({
    partition: 0,
    position: 0,
    format: FORMAT,
    damageOf: (damage) => new CorruptedLogError({ partition: 0, file: "broker", ...damage }),
    what: "read",
  });
  queue.accept(fetched(batches));
  return queue;
}

const oldFormat = batchOf(2, 1);
oldFormat[16] = 1;
const impossibleLength = batchOf(2, 2);
impossibleLength.writeInt32BE(-7, 8);
const tooManyRecords = batchOf(2, 2);
tooManyRecords.writeInt32BE(1_000_000_000, 57);
const notCompressed = batchOf(2, 2, "gzip").fill(1, 61);

/** The bytes of a batch that begins with id 2, and the ids that are read after it. */
const UNREADABLE: Record<string, { batch: Buffer; endId: number; after: number[]; reason: string }> = {
  "is in an older format": { batch: oldFormat, endId: 4, after: [4, 5], reason: "format 1" },
  "has an impossible length": { batch: impossibleLength, endId: 4, after: [], reason: "its length is wrong" },
  "says it has more records than it has": {
    batch: sealed(tooManyRecords),
    endId: 4,
    after: [4, 5],
    reason: "its records cannot be read",
  },
  "cannot be decompressed": {
    batch: sealed(notCompressed),
    endId: 4,
    after: [4, 5],
    reason: "its records cannot be read",
  },
};

for (const [what, { batch, endId, after, reason }] of Object.entries(UNREADABLE)) {
  test(`a batch that ${what} is damage, and the events before and after it are read`, () => {
    const bytes = Buffer.concat([batchOf(0, 2), batch, batchOf(4, 2)]);
    const queue = queueOf(bytes);
    const damage: CorruptedLogError[] = [];
    const read: number[] = [];
    for (;;) {
      const batch = queue.take(100, (error) => damage.push(error));
      if (batch === undefined) break;
      for (const { id } of JSON.parse(`[${batch.joinedText!()}]`)) read.push(id);
    }
    assertEquals(read, [0, 1, ...after]);
    assertEquals(damage.map(({ damage: { firstId, endId } }) => [firstId, endId]), [[2, endId]]);
    assertStringIncludes(damage[0].message, reason);
    assertEquals(queue.fetchOffset, after.at(-1) === 5 ? 6 : endId, "the next request goes on after it");
    const strict = queueOf(bytes);
    strict.take(2);
    assertThrows(() => strict.take(100), CorruptedLogError, reason);
  });
}

test("a batch that cannot be read says nothing about its leader", () => {
  const epoch = 0;
  const first = batchOf(0, 2);
  first.writeInt32BE(epoch, 12);
  assertEquals(queueOf(first).fetchedEpoch, epoch);
  const strange = Buffer.from(oldFormat);
  strange.writeInt32BE(0x12345678, 12);
  const queue = queueOf(Buffer.concat([first, strange]));
  assertEquals([queue.fetchOffset > 2, queue.fetchedEpoch], [true, -1]);
});
