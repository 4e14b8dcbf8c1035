import { assertEquals, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { type LargeBatches, readBatches } from "../../../../src/drivers/kafka/client/checked_fetch.ts";
import { loadClient } from "../../../../src/drivers/kafka/client.ts";
import { test } from "../../../harness.ts";

const module = await loadClient();
const { createRecordsBatch, crc32c, readRecordsBatches, Reader } = module;
type Pieces = InstanceType<typeof Reader>["buffer"];
type Message = Parameters<typeof createRecordsBatch>[0][number];

/** A batch as a broker sends it. */
function batchOf(
  firstOffset: number,
  messages: (string | Partial<Message>)[],
  options?: Parameters<typeof createRecordsBatch>[1],
): Buffer {
  const batch = createRecordsBatch(
    messages.map((one) => ({
      topic: "t",
      partition: 0,
      ...(typeof one === "string" ? { value: Buffer.from(one) } : one),
    } as Message)),
    options,
  );
  const bytes = Buffer.from(batch.buffer);
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
}

/** The same with other bytes, and a checksum that fits. */
function changed(batch: Buffer, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(batch);
  change(bytes);
  bytes.writeUInt32BE(crc32c(new Uint8Array(bytes.subarray(21))), 17);
  return bytes;
}

/** What a response has, in pieces of that many bytes. */
function piecesOf(bytes: Buffer, size: number): Pieces {
  const { buffer } = Reader.from(bytes.subarray(0, size));
  for (let at = size; at < bytes.byteLength; at += size) buffer.append(bytes.subarray(at, at + size));
  return buffer;
}

/** What is read of a batch: first offset, last offset - first, fault, and the values. */
type Read = [number, number, string | undefined, string[]];

function read(
  bytes: Buffer,
  size = 50,
  { large, isChecking = true }: { large?: LargeBatches; isChecking?: boolean } = {},
): Read[] {
  const batches = readBatches(piecesOf(bytes, size), module, isChecking, large);
  const heads = readRecordsBatches(Reader.from(Buffer.concat(batches.map(({ head }) => head))));
  assertEquals(heads.length, batches.length, "the client finds as many headers");
  return heads.map(({ firstOffset, lastOffsetDelta, records }, index) => {
    assertEquals(records, []);
    const { content } = batches[index];
    const values = content.records.map(({ value }) => String(value));
    return [Number(firstOffset), lastOffsetDelta, content.fault, values];
  });
}

const WRONG_SUM = "its checksum is wrong";

test("records are read as the client reads them, whatever pieces they come in", () => {
  const time = 1_700_000_000_000n;
  const batch = batchOf(7, [
    { key: Buffer.from("key"), value: Buffer.from("one"), timestamp: time },
    { value: Buffer.alloc(0), timestamp: time + 5_000_000_000n },
    { value: Buffer.from("x".repeat(300)), headers: new Map([[Buffer.from("a"), Buffer.from("b")]]) },
    { value: null as never, timestamp: time - 1n },
    { key: Buffer.alloc(0), value: Buffer.from("y".repeat(200)), timestamp: time - 10_000_000_000n },
  ], { partitionLeaderEpoch: 4, producerId: 9n, producerEpoch: 2 });
  const [expected] = readRecordsBatches(Reader.from(batch));
  for (const size of [...Array.from({ length: 70 }, (_, n) => n + 1), 150, 301, batch.byteLength]) {
    const [{ head, content }] = readBatches(piecesOf(batch, size), module, true);
    assertEquals(
      content.records.map((record) => ({ ...record, timestampDelta: BigInt(record.timestampDelta) })),
      expected.records.map(({ offsetDelta, timestampDelta, key, value }) => ({
        offsetDelta,
        timestampDelta,
        key,
        value,
      })),
      `pieces of ${size} bytes`,
    );
    const [read] = readRecordsBatches(Reader.from(head));
    assertEquals({ ...read, ...content }, { ...expected, records: content.records });
  }
});

test("batches are read one after the other, without one that is cut off at the end", () => {
  const second = batchOf(7, ["c"]);
  for (const cutOff of [0, 1, 12, 16, 17, 20, 21, 60, 61, 64, second.byteLength - 1]) {
    const bytes = Buffer.concat([batchOf(5, ["a", "b"]), second.subarray(0, cutOff)]);
    for (const size of [1, 7, 50, 1000]) assertEquals(read(bytes, size), [[5, 1, undefined, ["a", "b"]]]);
  }
  assertEquals(read(Buffer.alloc(0)), []);
});

test("nothing is copied but records that are in several pieces", () => {
  const values = ["a".repeat(100), "b".repeat(100), "c".repeat(100)];
  // Not in the memory that small buffers share.
  const bytes = Buffer.from(new Uint8Array(batchOf(0, values)).buffer);
  const [{ content: { records } }] = readBatches(piecesOf(bytes, 200), module, true);
  assertEquals(records.map(({ value }) => String(value)), values);
  assertEquals(records.map(({ value }) => value!.buffer === bytes.buffer), [true, false, true]);
});

test("compressed batches are read", () => {
  const values = ["first", "second".repeat(50)];
  for (const compression of ["gzip", "snappy", "lz4"] as const) {
    const bytes = Buffer.concat([batchOf(3, values, { compression }), batchOf(5, ["plain"])]);
    for (const size of [20, 1000]) {
      assertEquals(read(bytes, size), [[3, 1, undefined, values], [5, 0, undefined, ["plain"]]], compression);
    }
  }
});

test("a compression that is not known is named, and one that cannot be undone is damage", () => {
  const compressed = batchOf(3, ["first", "second"], { compression: "gzip" });
  const unknown = changed(compressed, (bytes) => bytes.writeInt16BE(6, 21));
  const [one, other] = readBatches(piecesOf(Buffer.concat([unknown, batchOf(5, ["c"])]), 50), module, true);
  assertEquals([one.content.unknownCodec, one.content.fault, one.content.records], [
    "number 6",
    undefined,
    [],
  ]);
  assertEquals([other.content.unknownCodec, String(other.content.records[0].value)], [undefined, "c"]);
  const broken = changed(compressed, (bytes) => bytes.fill(7, 61));
  assertEquals(read(Buffer.concat([broken, batchOf(5, ["c"])])), [
    [3, 1, "its records cannot be read", []],
    [5, 0, undefined, ["c"]],
  ]);
});

test("a batch with a flipped bit yields no records and keeps its ids, wherever the bit is", () => {
  const [before, broken, after] = [batchOf(0, ["a"]), batchOf(1, ["b", "c"]), batchOf(3, ["d"])];
  for (let at = 16; at < broken.byteLength; at++) {
    const flipped = Buffer.from(broken);
    flipped[at] ^= 0x10;
    const fault = at === 16 ? "it has format 18, and only 2 is known, which Kafka has since 0.11" : WRONG_SUM;
    assertEquals(read(Buffer.concat([before, flipped, after])), [
      [0, 0, undefined, ["a"]],
      [1, 1, fault, []],
      [3, 0, undefined, ["d"]],
    ], `byte ${at}`);
  }
});

test("a batch that does not have the records it says is damage, also if checksums are not verified", () => {
  const [before, intact, after] = [batchOf(0, ["a"]), batchOf(1, ["b", "c"]), batchOf(3, ["d"])];
  const changes: [string, (bytes: Buffer) => void][] = [
    ["more records", (bytes) => bytes.writeInt32BE(3, 57)],
    ["a record longer than the batch", (bytes) => bytes[61] = 0x7e],
    ["a record of negative size", (bytes) => bytes[61] = 0x01],
    ["a value longer than its record", (bytes) => bytes[66] = 0x7e],
    ["a number without an end", (bytes) => bytes.fill(0xff, 61)],
  ];
  for (const [what, change] of changes) {
    for (const size of [20, 1000]) {
      for (const isChecking of [true, false]) {
        assertEquals(read(Buffer.concat([before, changed(intact, change), after]), size, { isChecking }), [
          [0, 0, undefined, ["a"]],
          [1, 1, "its records cannot be read", []],
          [3, 0, undefined, ["d"]],
        ], what);
      }
    }
  }
  const flipped = Buffer.from(intact);
  flipped[67] ^= 1;
  assertEquals(read(flipped, 50, { isChecking: false }), [[1, 1, undefined, ["c", "c"]]]);
});

test("a batch that says it is shorter than a header is damage, and so is one in an older format", () => {
  const short = batchOf(1, ["b"]);
  short.writeInt32BE(3, 8);
  assertEquals(read(Buffer.concat([batchOf(0, ["a"]), short])), [
    [0, 0, undefined, ["a"]],
    [1, 0, "its length is wrong", []],
  ]);
  short.writeInt32BE(40, 8);
  assertEquals(read(short), [[1, 0, "its length is wrong", []]]);
  // A message of Kafka 0.10: offset, size, checksum, format, attributes, time, key, value.
  const old = Buffer.alloc(34 + 5);
  old.writeBigInt64BE(1n, 0);
  old.writeInt32BE(old.byteLength - 12, 8);
  old[16] = 1;
  assertEquals(read(Buffer.concat([old, batchOf(2, ["b"])])), [
    [1, 0, "it has format 1, and only 2 is known, which Kafka has since 0.11", []],
    [2, 0, undefined, ["b"]],
  ]);
});

test("the last batch's end is trusted only if two fields agree", () => {
  const flipped = batchOf(1, ["b", "c"]);
  flipped[70] ^= 1;
  assertEquals(read(flipped), [[1, 1, WRONG_SUM, []]]);
  flipped.writeInt32BE(2 ** 30, 23);
  assertEquals(read(flipped), [[1, 0, WRONG_SUM, []]]);
});

test("batches of large records may be read in pieces or joined", () => {
  const large = ["x".repeat(20_000), "y".repeat(40_000)];
  const whole = Buffer.concat([batchOf(0, large), batchOf(2, ["a", "b"]), batchOf(4, large.toReversed())]);
  const expected: Read[] = [
    [0, 1, undefined, large],
    [2, 1, undefined, ["a", "b"]],
    [4, 1, undefined, large.toReversed()],
  ];
  for (const how of ["in pieces", "joined"] as const) {
    for (const size of [1000, 65_536, whole.byteLength]) {
      assertEquals(read(whole, size, { large: how }), expected, `${how}, pieces of ${size}`);
    }
    const [{ content: { records: [one, other] } }] = readBatches(piecesOf(whole, 1000), module, true, how);
    assertStrictEquals(one.value!.buffer === other.value!.buffer, how === "joined");
    for (const at of [100, 30_000]) {
      const flipped = Buffer.from(whole);
      flipped[at] ^= 1;
      assertEquals(read(flipped, 1000, { large: how }), [[0, 1, WRONG_SUM, []], ...expected.slice(1)]);
    }
  }
});
