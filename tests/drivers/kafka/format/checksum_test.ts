import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { checksumOfPieces } from "../../../../src/drivers/kafka/format/checksum.ts";
import { loadClient } from "../../../../src/drivers/kafka/client.ts";
import { test } from "../../../harness.ts";

const { crc32c } = await loadClient();

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
