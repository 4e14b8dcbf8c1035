import { assertEquals, assertStrictEquals } from "@std/assert";
import * as zlib from "node:zlib";
import { BlockChecksum, blockChecksum } from "../../../src/log/format/core/block_checksum.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { encodeEvents, encodePlain } from "../../../src/log/write/encoder.ts";
import { KIND, layoutOf } from "../../../src/log/format/bytes.ts";
import { test } from "../../harness.ts";
import { bitwiseCrc32, randomBytes } from "../../wasm/reference.ts";
import { eachChecksumSource } from "./checksum_sources.ts";

const SIGNATURE = {
  salt: 1,
  sequence: 2,
  nonceLow: 3,
  nonceHigh: 4,
  time: 5,
  anchorId: 6,
  anchorOffset: 7,
};

/** A quick `crc32`, right for what the choice compares, that shows by its result that it was called. */
const quick = (bytes: Uint8Array): number => bytes.byteLength < 16_384 ? core.crc32(bytes) : 7;

/** A `crc32` that takes that many milliseconds. */
function taking(milliseconds: number): { crc32: (bytes: Uint8Array) => number; calls: number } {
  const slow = {
    calls: 0,
    crc32: (bytes: Uint8Array) => {
      slow.calls++;
      for (const start = performance.now(); performance.now() < start + milliseconds;);
      return core.crc32(bytes);
    },
  };
  return slow;
}

test("a block has the same checksum by the core and by the runtime, at any place and size", () => {
  const bytes = randomBytes(70_001, 1);
  eachChecksumSource((source) => {
    for (const size of [0, 1, 16_383, 16_384, 16_385, 65_536, 70_000]) {
      const block = bytes.subarray(1, 1 + size);
      const expected = bitwiseCrc32(block);
      assertStrictEquals(blockChecksum.of(block), expected, `${size} bytes, ${source}`);
      core.u8.set(block, core.readArea + 1);
      assertStrictEquals(blockChecksum.at(core.readArea + 1, size), expected, `${size} bytes, ${source}`);
    }
  });
});

test("without crc32 in the runtime, the core computes checksums", () => {
  const block = randomBytes(65_536, 2);
  const checksum = new BlockChecksum(() => undefined);
  assertStrictEquals(checksum.of(block), bitwiseCrc32(block));
  assertStrictEquals(checksum.source, "core");
  core.u8.set(block, core.readArea);
  assertStrictEquals(checksum.at(core.readArea, 65_536), bitwiseCrc32(block));
});

test("the core computes checksums of small blocks, and the runtime those of large ones, wherever they are", () => {
  const checksum = new BlockChecksum(() => quick);
  const block = randomBytes(16_384, 3);
  core.u8.set(block, core.readArea);
  const small = block.subarray(0, 16_383);
  // The one chosen is asked for large blocks alone.
  assertStrictEquals(checksum.at(core.readArea, 16_383), bitwiseCrc32(small));
  assertStrictEquals(checksum.source, undefined);
  assertEquals([checksum.at(core.readArea, 16_384), checksum.of(block), checksum.source], [7, 7, "runtime"]);
  assertEquals([checksum.at(core.readArea, 16_383), checksum.of(small)], [
    bitwiseCrc32(small),
    bitwiseCrc32(small),
  ]);
});

test("the faster checksum is chosen once, at the first large block", () => {
  const block = new Uint8Array(65_536);
  const slow = taking(3);
  const bySlow = new BlockChecksum(() => slow.crc32);
  bySlow.of(block.subarray(0, 16_383));
  assertEquals([bySlow.source, slow.calls], [undefined, 0]);
  bySlow.of(block);
  const { calls } = slow;
  bySlow.of(block);
  assertEquals([bySlow.source, slow.calls], ["core", calls]);

  const byFast = new BlockChecksum(() => quick);
  assertEquals([byFast.of(block), byFast.source], [7, "runtime"]);
  assertStrictEquals(byFast.of(block.subarray(0, 100)), core.crc32(block.subarray(0, 100)));
});

test("a runtime whose checksums are not right computes none: Deno 2.3 returned them as signed numbers", () => {
  const wrong: Record<string, (bytes: Uint8Array) => number> = {
    signed: (bytes) => quick(bytes) | 0,
    "without the highest bit": (bytes) => quick(bytes) & 0x7fffffff,
    "of the whole buffer": (bytes) => quick(new Uint8Array(bytes.buffer)),
    "a bigint": (bytes) => BigInt(quick(bytes)) as unknown as number,
  };
  const block = randomBytes(65_536, 4);
  for (const [fault, crc32] of Object.entries(wrong)) {
    const checksum = new BlockChecksum(() => crc32);
    assertEquals([fault, checksum.of(block), checksum.source], [fault, bitwiseCrc32(block), "core"]);
  }
});

test("frames have the same bytes, however their checksums are computed and their data is split", () => {
  const bytes = randomBytes(300_000, 3);
  const cuts: number[][] = [
    [300_000],
    [65_536, 65_536, 65_536, 65_536, 37_856],
    [1, 65_535, 0, 65_537, 131_071, 37_856],
    [100, 299_900],
    Array<number>(300).fill(1000),
  ];
  const frames: Uint8Array[] = [];
  eachChecksumSource(() => {
    for (const sizes of cuts) {
      let at = 0;
      const pieces = sizes.map((size) => bytes.subarray(at, at += size));
      const batch = { count: 1, metadata: ["1"], data: [pieces], dataBytes: bytes.byteLength };
      frames.push(encodeEvents(batch, SIGNATURE).slice());
      const chunk = encodePlain(KIND.chunk, SIGNATURE, { data: pieces });
      assertSumsAre(chunk, bytes);
    }
  });
  for (const frame of frames) assertEquals(frame, frames[0]);
});

function assertSumsAre(frame: Uint8Array, data: Uint8Array): void {
  const sizes = { flags: 0, count: 0, extentCount: 0, metadataBytes: 0, dataBytes: data.byteLength };
  const { blockSums } = layoutOf(sizes);
  const view = new DataView(frame.buffer, frame.byteOffset);
  for (let from = 0, sum = blockSums; from < data.byteLength; from += 65_536, sum += 4) {
    assertStrictEquals(view.getUint32(sum, true), bitwiseCrc32(data.subarray(from, from + 65_536)));
  }
}

test("the runtime's own checksum is tried if it has one", () => {
  const sources: string[] = [];
  eachChecksumSource((source) => sources.push(source));
  assertEquals(sources, "crc32" in zlib ? ["core", "runtime"] : ["core"]);
});
