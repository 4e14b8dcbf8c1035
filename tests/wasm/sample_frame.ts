import { core } from "../../src/log/format/core/core.ts";
import {
  DATA_BLOCK_BYTES,
  EXTENT_BYTES,
  FLAG,
  type FrameLayout,
  type FrameSizes,
  KIND,
  layoutOf,
} from "../../src/log/format/bytes.ts";

/** The content of a sample frame; what is left out has the value below. */
export interface SampleFrame {
  kind?: number;
  flags?: number;
  salt?: number;
  sequence?: number;
  nonceLow?: number;
  nonceHigh?: number;
  time?: number;
  anchorId?: number;
  anchorOffset?: number;
  /** Metadata texts, ASCII, joined by commas. */
  metadata?: string[];
  /** A data part for each event, or none at all. */
  data?: Uint8Array[];
  /** Filled with 0xee. */
  extentCount?: number;
}

/** The sample's default fields. */
export const SAMPLE = {
  kind: KIND.events,
  salt: 0xdeadbeef,
  sequence: 7,
  nonceLow: 0x01020304,
  nonceHigh: 0xf5f6f7f8,
  time: 1_700_000_000_123,
  anchorId: 2 ** 53 - 1,
  anchorOffset: 0xfffffff0,
} as const;

/** An assembled frame: where its parts are, and what it states. */
export interface EncodedFrame extends FrameLayout {
  ptr: number;
  flags: number;
  count: number;
  metadataBytes: number;
  dataBytes: number;
}

/** Assembles a frame in the encode area, `shift` bytes after its start. */
export function encodeSample(sample: SampleFrame = {}, shift = 0): EncodedFrame {
  const { metadata = ['{"a":1}', "null", '"x"'], data, extentCount = 0 } = sample;
  const text = new TextEncoder().encode(metadata.join(","));
  const sizes = {
    flags: sample.flags ?? (FLAG.jsonText | FLAG.ascii | (data ? FLAG.hasData : 0)),
    count: metadata.length,
    extentCount,
    metadataBytes: text.length,
    dataBytes: data?.reduce((sum, part) => sum + part.length, 0) ?? 0,
  };
  const layout = layoutOf(sizes);
  const ptr = core.ensureEncodeArea(shift + layout.frameBytes) + shift;
  const { u8, view } = core;
  const entryBytes = data ? 8 : 4;
  let dataAt = ptr + layout.data;
  metadata.forEach((text, index) => {
    const entry = ptr + layout.table + index * entryBytes;
    view.setUint32(entry, text.length, true);
    if (!data) return;
    view.setUint32(entry + 4, data[index].length, true);
    u8.set(data[index], dataAt);
    dataAt += data[index].length;
  });
  if (extentCount > 0) {
    u8.fill(0xee, ptr + layout.extents, ptr + layout.extents + 8 + extentCount * EXTENT_BYTES);
  }
  u8.set(text, ptr + layout.metadata);
  sumBlocks(ptr, sizes);
  const { byteLength: frameBytes } = core.encodeFrame(ptr, sample.kind ?? SAMPLE.kind, sizes, {
    salt: sample.salt ?? SAMPLE.salt,
    sequence: sample.sequence ?? SAMPLE.sequence,
    nonceLow: sample.nonceLow ?? SAMPLE.nonceLow,
    nonceHigh: sample.nonceHigh ?? SAMPLE.nonceHigh,
    time: sample.time ?? SAMPLE.time,
    anchorId: sample.anchorId ?? SAMPLE.anchorId,
    anchorOffset: sample.anchorOffset ?? SAMPLE.anchorOffset,
  });
  return { ptr, ...sizes, ...layout, frameBytes };
}

/** Writes the checksums of a frame's blocks of data. */
export function sumBlocks(ptr: number, sizes: FrameSizes): void {
  const { blockSums, data, trailer } = layoutOf(sizes);
  for (let from = data, sum = blockSums; from < trailer; from += DATA_BLOCK_BYTES, sum += 4) {
    const bytes = Math.min(DATA_BLOCK_BYTES, trailer - from);
    core.view.setUint32(ptr + sum, core.crc32At(ptr + from, bytes), true);
  }
}

/** Where the first record at `from` or after it begins, counted from `ptr`; -1: none. */
export function findFrom(ptr: number, bytes: number, from: number, salt?: number, own = core): number {
  const found = own.findRecord(ptr + from, Math.max(0, bytes - from), salt);
  return found < 0 ? -1 : from + found;
}

/** Calls `probe` once for each bit of a range, while that bit is flipped. */
export function withEachBitFlipped(ptr: number, bytes: number, probe: (bit: number) => void): void {
  for (let bit = 0; bit < 8 * bytes; bit++) {
    core.u8[ptr + (bit >> 3)] ^= 1 << (bit & 7);
    probe(bit);
    core.u8[ptr + (bit >> 3)] ^= 1 << (bit & 7);
  }
}
