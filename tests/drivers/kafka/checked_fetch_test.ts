import { assertEquals, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import {
  checkedPieces,
  checksumOfPieces,
  IS_DAMAGED,
  type LargeBatches,
} from "../../../src/drivers/kafka/checked_fetch.ts";
import { loadClient } from "../../../src/drivers/kafka/client.ts";
import { test } from "../../harness.ts";

type Reader = InstanceType<Awaited<ReturnType<typeof loadClient>>["Reader"]>;
const { createRecordsBatch, crc32c, readRecordsBatches, Reader } = await loadClient();

/** A batch as a broker sends it. */
function batchOf(firstOffset: number, ...texts: string[]): Buffer {
  const batch = createRecordsBatch(
    texts.map((text) => ({ topic: "t", partition: 0, value: Buffer.from(text) })),
  );
  const bytes = Buffer.from(batch.buffer);
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
}

/** The input of the client, in pieces of that many bytes. */
function piecesOf(bytes: Buffer, size: number): Reader["buffer"] {
  const { buffer } = Reader.from(bytes.subarray(0, size));
  for (let at = size; at < bytes.byteLength; at += size) buffer.append(bytes.subarray(at, at + size));
  return buffer;
}

/** What is read of batches: first offset, end offset, whether they are damaged, and their values. */
function read(bytes: Buffer, size = 50, large?: LargeBatches): [number, number, boolean, string[]][] {
  const checked = checkedPieces(piecesOf(bytes, size), crc32c, large);
  return readRecordsBatches(Reader.from(checked as Reader["buffer"])).map((
    { firstOffset, lastOffsetDelta, attributes, records },
  ) => [
    Number(firstOffset),
    lastOffsetDelta,
    (attributes & IS_DAMAGED) !== 0,
    records.map(({ value }) => String(value)),
  ]);
}

test("intact batches are left unchanged, and so is one that is cut off at the end", () => {
  const bytes = Buffer.concat([batchOf(5, "a", "b"), batchOf(7, "c").subarray(0, 64)]);
  assertEquals(checkedPieces(piecesOf(bytes, 7), crc32c).buffer, bytes);
  assertEquals(read(bytes, 1000), [[5, 1, false, ["a", "b"]]]);
  assertEquals(read(bytes), [[5, 1, false, ["a", "b"]]]);
});

test("the checksum of a contiguous batch is computed without copying", () => {
  const bytes = Buffer.concat([batchOf(5, "a", "b"), batchOf(7, "c")]);
  const summed: unknown[] = [];
  checkedPieces(piecesOf(bytes, bytes.byteLength), (pieces) => {
    summed.push((pieces as Reader["buffer"]).buffers.map(({ buffer }) => buffer === bytes.buffer));
    return crc32c(pieces);
  });
  assertEquals(summed, [[true], [true]]);
});

test("a batch with a flipped bit yields no records and keeps its ids, wherever the bit is", () => {
  const [before, broken, after] = [batchOf(0, "a"), batchOf(1, "b", "c"), batchOf(3, "d")];
  for (let at = 17; at < broken.byteLength; at++) {
    const flipped = Buffer.from(broken);
    flipped[at] ^= 0x10;
    assertEquals(read(Buffer.concat([before, flipped, after])), [
      [0, 0, false, ["a"]],
      [1, 1, true, []],
      [3, 0, false, ["d"]],
    ], `byte ${at}`);
  }
});

test("the last batch's end is trusted only if two fields agree", () => {
  const flipped = batchOf(1, "b", "c");
  flipped[70] ^= 1;
  assertEquals(read(flipped), [[1, 1, true, []]]);
  flipped.writeInt32BE(2 ** 30, 23);
  assertEquals(read(flipped), [[1, 0, true, []]]);
});

test("batches of large records may be checked in pieces and stay so, those of small ones are joined", () => {
  const large = ["x".repeat(20_000), "y".repeat(40_000)];
  const [first, small, second] = [
    batchOf(0, ...large),
    batchOf(2, "a", "b"),
    batchOf(4, ...large.toReversed()),
  ];
  const whole = Buffer.concat([first, small, second]);
  const expected: [number, number, boolean, string[]][] = [
    [0, 1, false, large],
    [2, 1, false, ["a", "b"]],
    [4, 1, false, large.toReversed()],
  ];
  for (const how of ["in pieces", "joined"] as const) {
    for (const size of [1000, 65_536, whole.byteLength]) {
      assertEquals(read(whole, size, how), expected, `${how}, pieces of ${size}`);
    }
  }
  const kept = checkedPieces(piecesOf(whole, 1000), crc32c, "in pieces");
  assertEquals(kept.buffers.every(({ byteLength }) => byteLength <= 1000), true);
  assertStrictEquals(checkedPieces(piecesOf(whole, 1000), crc32c, "joined").buffers.length, 3);
  for (const at of [100, 30_000]) {
    const flipped = Buffer.from(whole);
    flipped[at] ^= 1;
    assertEquals(read(flipped, 1000, "in pieces"), [[0, 1, true, []], ...expected.slice(1)]);
  }
});

test("the checksum of pieces is that of the whole, wherever it is cut", () => {
  const whole = Buffer.from(Uint8Array.from({ length: 70_001 }, (_, n) => n * n ^ n >> 3));
  const sumOf = (bytes: Buffer) => crc32c(new Uint8Array(bytes));
  const expected = sumOf(whole);
  for (const cuts of [[], [1], [70_000], [0, 0, 5], [61, 65_536], [1, 2, 3, 4, 9, 100, 4096, 69_999]]) {
    const ends = [...cuts, whole.byteLength];
    const pieces = ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end));
    assertEquals(checksumOfPieces(pieces, sumOf), expected, `cut at ${cuts}`);
  }
  for (const size of [255, 256, 1000, 65_536]) {
    const pieces = Array.from(
      { length: Math.ceil(whole.byteLength / size) },
      (_, n) => whole.subarray(n * size, (n + 1) * size),
    );
    assertEquals(checksumOfPieces(pieces, sumOf), expected, `pieces of ${size}`);
  }
  assertEquals(checksumOfPieces([], sumOf), 0);
});
