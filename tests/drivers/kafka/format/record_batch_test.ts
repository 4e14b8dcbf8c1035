// Batches are compared with those that the client makes of the same messages: brokers accept both.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { loadClient } from "../../../../src/drivers/kafka/client.ts";
import {
  batchBytes,
  BatchMemory,
  countOf,
  RecordBatch,
  recordsOf,
  sliceRanges,
} from "../../../../src/drivers/kafka/format/record_batch.ts";
import { test } from "../../../harness.ts";
import { storedValues } from "../values.ts";

const client = await loadClient();
const ORIGIN = { producerId: 2n ** 40n, producerEpoch: 7, sequence: 2 ** 31 - 1, time: 1_800_000_000_123 };

function valuesOfSizes(...sizes: number[]): Buffer[] {
  return sizes.map((size, index) => Buffer.alloc(size, index + 1));
}

function clientsBatch(values: readonly Buffer[]): Buffer {
  const messages = values.map((value) => ({
    topic: "t",
    partition: 0,
    value,
    timestamp: BigInt(ORIGIN.time),
    headers: new Map<Buffer, Buffer>(),
  }));
  const sequences = new client.NumericMap([["t:0", ORIGIN.sequence]]);
  const { producerId, producerEpoch } = ORIGIN;
  const made = client.createRecordsBatch(messages, {
    producerId,
    producerEpoch,
    sequences,
    partitionLeaderEpoch: -1,
  });
  return Buffer.from(made.buffer);
}

function sealed(batch: RecordBatch): Buffer {
  batch.seal(ORIGIN);
  return batch.bytes;
}

for (const edge of [0, 57, 58, 63, 64, 8185, 8191, 8192, 1_048_569, 1_048_576]) {
  test(`a batch with values of about ${edge} bytes is what the client makes of them`, () => {
    const values = valuesOfSizes(...[-1, 0, 1].map((more) => Math.max(0, edge + more)), 5);
    assertEquals(sealed(RecordBatch.encode([recordsOf(values)])).equals(clientsBatch(values)), true);
    assertEquals(RecordBatch.encode([recordsOf(values)]).bytes.length, batchBytes([recordsOf(values)]));
  });
}

test("batches of one and of 20,000 records are what the client makes of them", () => {
  for (const count of [1, 20_000]) {
    const values = valuesOfSizes(...Array.from({ length: count }, (_, n) => n % 90));
    assertEquals(sealed(RecordBatch.encode([recordsOf(values)])).equals(clientsBatch(values)), true);
  }
});

test("parts of records become one batch, which can be divided anywhere", () => {
  const values = valuesOfSizes(1, 2, 3, 4, 5, 6, 7);
  const ranges = [recordsOf(values.slice(0, 3)), recordsOf(values.slice(3, 4)), recordsOf(values.slice(4))];
  for (let from = 0; from < values.length; from++) {
    for (let count = 1; count <= values.length - from; count++) {
      const slices = sliceRanges(ranges, from, count);
      assertEquals(countOf(slices), count);
      const { bytes } = RecordBatch.encode(slices);
      assertEquals(storedValues(bytes), values.slice(from, from + count));
    }
  }
});

for (const codec of ["gzip", "snappy", "lz4"] as const) {
  test(`a batch that is compressed with ${codec} has the same records and another size`, async () => {
    const values = valuesOfSizes(3000, 1, 4000);
    const whole = RecordBatch.encode([recordsOf(values)]);
    const small = await whole.compressed(client.compressionsAlgorithms[codec]);
    assertEquals(small.bytes.length < whole.bytes.length / 2, true);
    assertEquals(storedValues(sealed(small)), values);
    const checksum = small.bytes.readUInt32BE(17);
    assertEquals(client.crc32c(new Uint8Array(small.bytes.subarray(21))), checksum);
  });
}

test("a batch can be sealed again for another producer", () => {
  const values = valuesOfSizes(10, 20);
  const batch = RecordBatch.encode([recordsOf(values)]);
  batch.seal({ producerId: 1n, producerEpoch: 0, sequence: 5, time: 1 });
  assertEquals(sealed(batch).equals(clientsBatch(values)), true);
});

test("the memory of large batches is used again, that of small ones is not kept, and neither is too much", () => {
  const memory = new BatchMemory();
  const first = memory.take(700_000);
  memory.give(first.subarray(0, 700_000));
  const second = memory.take(786_000);
  assertEquals(second.buffer, first.buffer);
  assertEquals(memory.take(700_000).buffer === first.buffer, false);
  memory.give(second);
  memory.give(memory.take(100));
  const values = valuesOfSizes(300_000, 5);
  const batch = RecordBatch.encode([recordsOf(values)], memory);
  assertEquals(batch.bytes.buffer, first.buffer);
  assertEquals(sealed(batch).equals(clientsBatch(values)), true);
  const many = Array.from({ length: 20 }, () => memory.take(1_000_000));
  for (const one of many) memory.give(one);
  const kept = Array.from({ length: 20 }, () => memory.take(1_000_000))
    .filter(({ buffer }) => many.some((one) => one.buffer === buffer));
  assertEquals(kept.length, 8);
});

test("the checksum of the records is computed once, before the batch is sealed", () => {
  const values = valuesOfSizes(100, 70_000);
  const batch = RecordBatch.encode([recordsOf(values)]);
  const summed: number[] = [];
  const checksumOf = (bytes: Buffer) => {
    summed.push(bytes.byteLength);
    return client.crc32c(new Uint8Array(bytes));
  };
  batch.sum(checksumOf);
  const records = batch.bytes.byteLength - 61;
  assertEquals(summed.splice(0), [records]);
  for (let sendings = 0; sendings < 2; sendings++) {
    batch.seal(ORIGIN, checksumOf);
    assertEquals(batch.bytes.equals(clientsBatch(values)), true);
  }
  assertEquals(summed, [40, 40], "only the rest of the header");
});
