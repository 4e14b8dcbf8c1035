// How large data parts and streams are divided into chunks: every byte once, in order.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { ChunkBuffer, chunksOf } from "../../../src/log/write/chunk_pieces.ts";
import { test } from "../../harness.ts";

/** Bytes that count up from `first`. */
const counting = (bytes: number, first = 0): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, n) => first + n);

const joined = (pieces: readonly Uint8Array[]): number[] => pieces.flatMap((piece) => [...piece]);

test("buffers are cut into chunks of the size asked for, without a copy", () => {
  const buffers = [counting(10), counting(0), counting(3, 10), counting(7, 13)];
  const chunks = [...chunksOf(buffers, 8)];
  assertEquals(chunks.map(joined), [
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9, 10, 11, 12, 13, 14, 15],
    [16, 17, 18, 19],
  ]);
  assertEquals(chunks.flat().every(({ buffer }) => buffers.some((each) => each.buffer === buffer)), true);
  assertEquals([...chunksOf(buffers, 10)].map((chunk) => joined(chunk).length), [10, 10]);
  // Where one byte is missing to a chunk, the next buffer gives it.
  assertEquals([...chunksOf([counting(7), counting(2, 7)], 8)].map(joined), [[0, 1, 2, 3, 4, 5, 6, 7], [8]]);
  assertEquals([...chunksOf([], 10)], []);
  assertEquals([...chunksOf([counting(0)], 10)], []);
});

test("a stream's pieces are copied into chunks, whatever their sizes", () => {
  // Larger than the buffer's initial size, so that it grows.
  const chunkBytes = 150_000;
  const whole = Uint8Array.from({ length: 500_000 }, (_, n) => n % 251);
  for (const pieceBytes of [1_000, 65_536, 70_001, 150_000, 400_000]) {
    const chunk = new ChunkBuffer(chunkBytes);
    const memory = new Uint8Array(pieceBytes);
    const chunks: Uint8Array[] = [];
    assertEquals(chunk.isEmpty, true);
    for (let at = 0; at < whole.byteLength; at += pieceBytes) {
      // The same memory each time, as streams may do.
      const piece = memory.subarray(0, Math.min(pieceBytes, whole.byteLength - at));
      piece.set(whole.subarray(at, at + piece.byteLength));
      for (let from = 0; from < piece.byteLength;) {
        from += chunk.fill(piece, from);
        if (chunk.isEmpty) throw new Error("nothing was copied");
        if (chunk.isFull) chunks.push(chunk.take().slice());
      }
    }
    if (!chunk.isEmpty) chunks.push(chunk.take().slice());
    assertEquals(chunk.isEmpty, true);
    assertEquals(chunks.map(({ byteLength }) => byteLength), [150_000, 150_000, 150_000, 50_000]);
    assertEquals(Buffer.concat(chunks).equals(whole), true, `pieces of ${pieceBytes} bytes`);
  }
});

test("a small stream takes little memory, and a full chunk is never larger than asked for", () => {
  const chunk = new ChunkBuffer(1 << 20);
  assertEquals(chunk.fill(counting(100), 40), 60);
  const small = chunk.take();
  assertEquals([[...small], small.buffer.byteLength], [[...counting(60, 40)], 65_536]);
  chunk.fill(new Uint8Array(65_537), 0);
  assertEquals(chunk.take().buffer.byteLength, 131_072);
  chunk.fill(new Uint8Array((1 << 20) + 5), 0);
  assertEquals([chunk.isFull, chunk.take().buffer.byteLength], [true, 1 << 20]);
});
