// What the end of a frame says, whose trailer is not right: whether the frame was ever whole.

import { RECORD, RECORD_BYTES, TRAILER_MAGIC } from "../format/bytes.ts";
import { core } from "../format/core/core.ts";
import { type FrameRecord, HEADER_MAGIC_BYTES } from "../format/frame_header.ts";
import type { Segment } from "./segment_file.ts";
import { readFully, readWindow } from "./window.ts";

/** Whether the file ends here, or a header begins, however damaged it is further on. */
export function isBoundary(segment: Segment, offset: number): boolean {
  if (segment.sealOffset() === offset) return true;
  const wanted = HEADER_MAGIC_BYTES.length;
  const at = readWindow.at(segment, offset, wanted, RECORD_BYTES);
  const bytes = at < 0 ? readWindow.held(segment, offset) : wanted;
  const start = at < 0 ? core.readArea : at;
  return HEADER_MAGIC_BYTES.slice(0, bytes).every((byte, index) => core.u8[start + index] === byte);
}

/**
 * Whether another header, whole or itself cut short, begins where the trailer of a frame should be: then the frame was
 * cut short by some bytes of its trailer.
 */
export function isCutByHeader(segment: Segment, endOffset: number): boolean {
  const from = endOffset - RECORD_BYTES + 1;
  const wanted = RECORD_BYTES + HEADER_MAGIC_BYTES.length;
  // All of it, if the file has it: a window that ends within a magic must not be taken for the end of the file.
  let at = readWindow.at(segment, from, wanted);
  if (at < 0) at = readWindow.at(segment, from, RECORD_BYTES - 1, wanted);
  if (at < 0) return false;
  const bytes = Math.min(readWindow.held(segment, from), wanted);
  for (let start = 0; start < RECORD_BYTES - 1; start++) {
    let matched = 0;
    while (start + matched < bytes && core.u8[at + start + matched] === HEADER_MAGIC_BYTES[matched]) {
      matched++;
    }
    if (matched === HEADER_MAGIC_BYTES.length || start + matched === bytes) return true;
  }
  return false;
}

/** What is written of headers that are cut short before their magic is whole, one or several after each other. */
const CUT_HEADERS = (() => {
  const [first, second, third] = HEADER_MAGIC_BYTES.map((byte) => String.fromCharCode(byte));
  return new RegExp(`^(?:${first}(?:${second}${third}?)?)+$`, "s");
})();

/**
 * Whether a frame lacks a part of its trailer, and the beginnings of headers that were cut short themselves are in its
 * place. No frame ends with a byte that one of theirs is but for one bit: such a difference is damage.
 */
export function isCutByPiece(segment: Segment, offset: number, frame: FrameRecord): boolean {
  const header = core.slot;
  const trailer = header + RECORD_BYTES;
  if (!readRecords(segment, offset, frame)) return false;
  const found = core.u8.slice(trailer, trailer + RECORD_BYTES);
  // What it was to be.
  core.u8.copyWithin(trailer, header, header + RECORD_BYTES);
  core.view.setUint32(trailer + RECORD.magic, TRAILER_MAGIC, true);
  core.view.setUint32(trailer + RECORD.crc, core.crc32At(trailer, RECORD.crc), true);
  const differences = found.map((byte, index) => byte ^ core.u8[trailer + index]!);
  const first = differences.findIndex((bits) => bits !== 0);
  const bits = differences[first] ?? 0;
  const isOneBit = (bits & (bits - 1)) === 0 &&
    differences.every((each, index) => index === first || each === 0);
  if (isOneBit) return false;
  for (let kept = first; kept >= 0; kept--) {
    if (CUT_HEADERS.test(String.fromCharCode(...found.subarray(kept)))) return true;
  }
  return false;
}

/** Whether a frame with this last byte could look like one that is damaged there, when it lacks it. */
export function isCompletable(lastByte: number): boolean {
  return COMPLETABLE.has(lastByte);
}

/** The bytes of a header's magic, and those that differ from one of them by a bit. */
const COMPLETABLE: ReadonlySet<number> = new Set(
  HEADER_MAGIC_BYTES.flatMap((byte) => [byte, ...Array.from({ length: 8 }, (_, bit) => byte ^ 1 << bit)]),
);

/** Reads a record into the core's memory; false when the file ends before it does. */
export function readRecord(segment: Segment, offset: number, at = core.slot): boolean {
  return readFully(segment.file, core.u8.subarray(at, at + RECORD_BYTES), offset) === RECORD_BYTES;
}

/** Reads both records of a frame to the slot, one after the other. */
export function readRecords(segment: Segment, offset: number, { layout }: FrameRecord): boolean {
  return readRecord(segment, offset) &&
    readRecord(segment, offset + layout.trailer, core.slot + RECORD_BYTES);
}
