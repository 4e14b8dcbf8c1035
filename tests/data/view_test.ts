import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { InvalidDataError } from "../../mod.ts";
import { normalizeData, piecesOfData } from "../../src/data/view.ts";
import { test } from "../harness.ts";

const bytes = Uint8Array.from({ length: 16 }, (_, index) => index);

test("data in memory is never copied", () => {
  assertStrictEquals(normalizeData(bytes).bytes, bytes);
  for (
    const view of [
      bytes.buffer,
      new DataView(bytes.buffer),
      new Float64Array(bytes.buffer),
      new BigInt64Array(bytes.buffer),
      new Uint8ClampedArray(bytes.buffer),
    ]
  ) {
    const { bytes: same, size } = normalizeData(view);
    assert(same instanceof Uint8Array);
    assertStrictEquals(same.buffer, bytes.buffer);
    assertEquals([same.byteOffset, same.byteLength, size], [0, 16, 16]);
  }
  const part = normalizeData(new Uint16Array(bytes.buffer, 4, 3)).bytes as Uint8Array;
  assertEquals([part.byteOffset, part.byteLength], [4, 6]);
  assertEquals(normalizeData(new SharedArrayBuffer(5)).size, 5);
});

test("several pieces stay separate, in order", () => {
  const { bytes: pieces, size } = normalizeData([
    bytes.subarray(8),
    bytes.buffer,
    new DataView(bytes.buffer, 0, 2),
  ]);
  assertEquals(size, 8 + 16 + 2);
  assertEquals(piecesOfData(pieces).map((piece) => piece.byteLength), [8, 16, 2]);
  assertEquals([normalizeData([]).bytes, normalizeData([]).size], [[], 0]);
  assertEquals(piecesOfData(undefined), []);
  assertEquals(piecesOfData(bytes), [bytes]);
});

test("streams give their pieces as bytes, skipping empty ones", async () => {
  async function* pieces() {
    yield bytes.subarray(0, 3);
    yield new Uint8Array(0);
    await Promise.resolve();
    yield new Uint16Array(bytes.buffer, 4, 1) as never;
  }
  const sources = [
    pieces(),
    new ReadableStream({
      async start(controller) {
        for await (const piece of pieces()) controller.enqueue(piece);
        controller.close();
      },
    }),
  ];
  for (const source of sources) {
    const { stream } = normalizeData(source);
    const collected: number[][] = [];
    for await (const piece of stream!) collected.push([...piece]);
    assertEquals(collected, [[0, 1, 2], [4, 5]]);
  }
});

test("a stream whose reader leaves is cancelled", async () => {
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(bytes),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const _ of normalizeData(endless).stream!) break;
  assert(cancelled);
});

test("a value that is not bytes is refused, naming its type", async () => {
  const cases: [unknown, string][] = [
    ["text", "found string"],
    [3, "found number"],
    [null, "found null"],
    [{}, "found Object"],
    [(function* () {})(), "found an object"],
    [new Map(), "found Map"],
    [() => {}, "found function"],
    [[bytes, "text"], "found string at index 1"],
    [[1, 2, 3], "found number at index 0"],
    [new Blob(["bytes"]), "found Blob; push its stream() instead"],
    [{ partition: 1 }, "found Object; options are the third argument: push(metadata, undefined, options)"],
    [new Response("bytes"), "found Response; push its body instead"],
    [lockedStream(), "the stream is locked by another reader; release that first"],
  ];
  for (const [data, found] of cases) {
    const error = assertThrows(() => normalizeData(data), InvalidDataError, found);
    assertEquals(error.code, "ERR_INVALID_DATA");
  }
  const { stream } = normalizeData((async function* () {
    yield "text" as never;
  })());
  await assertRejects(
    async () => {
      for await (const _ of stream!);
    },
    InvalidDataError,
    "found string of the stream",
  );
});

function lockedStream(): ReadableStream {
  const stream = new Blob(["bytes"]).stream();
  stream.getReader();
  return stream;
}
