/**
 * What the end of a frame says, whose trailer is not right: whether the frame was ever whole.
 *
 * @module
 */
import { RECORD, RECORD_BYTES } from "../format/bytes.ts";
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
  let at = readWindow.at(segment, from, wanted, wanted);
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

/**
 * Whether a frame lacks its last one to three bytes, in whose place lies what was written of a header that was cut
 * short itself. No frame ends with such a byte. A single bit that has flipped may have made it one: then the frame
 * counts.
 */
export function isCutByPiece(segment: Segment, offset: number, frame: FrameRecord): boolean {
  const header = core.slot;
  const trailer = header + RECORD_BYTES;
  const isThere = readRecord(segment, offset, header) &&
    readRecord(segment, offset + frame.layout.trailer, trailer) && core.sameFrame(header, trailer);
  if (!isThere) return false;
  const right = core.crc32At(trailer, RECORD.crc) >>> 0;
  const found = core.view.getUint32(trailer + RECORD.crc, true);
  const difference = right ^ found;
  if ((difference & (difference - 1)) === 0) return false;
  const [first, second, third] = HEADER_MAGIC_BYTES as [number, number, number];
  // The last bytes of a number are its highest ones.
  const pieces: [bits: number, bytes: number][] = [
    [24, first],
    [16, first | second << 8],
    [8, first | second << 8 | third << 16],
  ];
  return pieces.some(([bits, bytes]) => (difference & (2 ** bits - 1)) === 0 && found >>> bits === bytes);
}

/** Reads a record into the core's memory; false when the file ends before it does. */
export function readRecord(segment: Segment, offset: number, at: number): boolean {
  return readFully(segment.file, core.u8.subarray(at, at + RECORD_BYTES), offset) === RECORD_BYTES;
}
