/**
 * Checks that a frame holds what its records say. It is read in pieces, so that no frame is too large. The records
 * themselves were checked by the scanner.
 *
 * @module
 */
import { blockChecksum } from "../format/core/block_checksum.ts";
import { core } from "../format/core/core.ts";
import {
  decodeExtents,
  type Extents,
  metadataSizeOf,
  tableAddsUp,
  tableStride,
  type TableSums,
} from "../format/frame_body.ts";
import { DATA_BLOCK_BYTES, DATA_LOST_MARK, FLAG, RECORD_BYTES } from "../format/bytes.ts";
import type { FrameRecord } from "../format/frame_header.ts";
import { READ_AHEAD_BYTES, readWindow } from "../segment/window.ts";
import type { Segment } from "../segment/segment_file.ts";

const COMMA = 0x2c;

/** A frame and its position. */
export interface FrameAt {
  segment: Segment;
  offset: number;
  frame: FrameRecord;
}

/** Events of one frame, counted from its first. */
export interface EventRange {
  first: number;
  end: number;
}

/** Whether the head of a frame in the core's memory has the checksum in its record. */
export function isHeadRight(at: number, { layout, headCrc }: FrameRecord): boolean {
  return core.crc32At(at + RECORD_BYTES, layout.data - RECORD_BYTES) === headCrc;
}

/** What is wrong with a frame's table, extents, block sums or metadata; undefined if nothing is. */
export function headDamage(at: FrameAt): string | undefined {
  const { frame } = at;
  let crc = 0;
  const whole = eachPiece(at, RECORD_BYTES, frame.layout.data, (ptr, bytes) => {
    crc = core.crc32At(ptr, bytes, crc);
  });
  if (!whole) return "bytes are missing";
  if (crc !== frame.headCrc) return "metadata checksum differs";
  if ((frame.flags & FLAG.lost) !== 0) return undefined;
  if (!tableAddsUp(frame, sumsOf(at))) return "the sizes in its table do not add up";
  return (frame.flags & FLAG.jsonText) !== 0 && !textsAreRight(at)
    ? "its metadata is not JSON text, though its checksum is right"
    : undefined;
}

/** The data blocks of a frame whose checksums differ, in order. */
export function damagedBlocks(at: FrameAt): number[] {
  const { frame: { layout, dataBytes } } = at;
  const sums = blockSums(at);
  const damaged: number[] = [];
  let block = 0;
  // Pieces are whole blocks, except the last one.
  eachPiece(at, layout.data, layout.data + dataBytes, (ptr, bytes) => {
    for (let done = 0; done < bytes; done += DATA_BLOCK_BYTES, block++) {
      if (blockChecksum.at(ptr + done, Math.min(bytes - done, DATA_BLOCK_BYTES)) !== sums[block]) {
        damaged.push(block);
      }
    }
  });
  for (; block < sums.length; block++) damaged.push(block);
  return damaged;
}

/** The events whose data is in these blocks, at least in part, except those whose data was lost before. */
export function eventsInBlocks(at: FrameAt, blocks: readonly number[]): EventRange[] {
  const ranges: EventRange[] = [];
  const isDamaged = new Set(blocks);
  let start = 0;
  eachTableEntry(at, (index, metadataSize, dataSize) => {
    const end = start + dataSize;
    const isLost = metadataSize >= DATA_LOST_MARK;
    if (!isLost && dataSize > 0 && touches(isDamaged, start, end)) {
      const last = ranges[ranges.length - 1];
      if (last?.end === index) last.end++;
      else ranges.push({ first: index, end: index + 1 });
    }
    start = end;
  });
  return ranges;
}

/** Calls back for every event, with its two sizes as in the table, marks included. */
export function eachTableEntry(
  at: FrameAt,
  use: (index: number, metadataSize: number, dataSize: number) => void,
): void {
  const { frame: { layout, flags } } = at;
  const stride = tableStride(flags);
  let index = 0;
  eachPiece(at, layout.table, layout.extents, (ptr, bytes) => {
    for (let done = 0; done < bytes; done += stride, index++) {
      const dataSize = stride === 8 ? core.view.getUint32(ptr + done + 4, true) : 0;
      use(index, core.view.getUint32(ptr + done, true), dataSize);
    }
  });
}

/** The chunks that a frame's event refers to. */
export function extentsOf(at: FrameAt): Extents {
  const { layout, extentCount } = at.frame;
  let extents: Extents = { totalBytes: 0, list: [] };
  // However many there are, they fit into one piece.
  eachPiece(at, layout.extents, layout.blockSums, (ptr) => {
    extents = decodeExtents(core.view, ptr, extentCount);
  });
  return extents;
}

function touches(blocks: ReadonlySet<number>, start: number, end: number): boolean {
  for (let block = Math.floor(start / DATA_BLOCK_BYTES); block * DATA_BLOCK_BYTES < end; block++) {
    if (blocks.has(block)) return true;
  }
  return false;
}

function sumsOf(at: FrameAt): TableSums {
  const sums = { metadata: 0, data: 0 };
  eachTableEntry(at, (_, entry, dataSize) => {
    sums.metadata += metadataSizeOf(entry, at.frame.flags);
    sums.data += dataSize;
  });
  return sums;
}

/** Whether there are commas between the texts, and no bytes in them that JSON never has. */
function textsAreRight(at: FrameAt): boolean {
  const { frame: { flags, count, layout } } = at;
  const commas = new Uint32Array(Math.max(count - 1, 0));
  let end = layout.metadata;
  eachTableEntry(at, (index, metadataSize) => {
    end += metadataSizeOf(metadataSize, flags);
    if (index < commas.length) commas[index] = end++;
  });
  let [isRight, from, next] = [true, layout.metadata, 0];
  eachPiece(at, layout.metadata, layout.data, (ptr, bytes) => {
    if (core.hasControls(ptr, bytes)) isRight = false;
    for (; next < commas.length && commas[next]! < from + bytes; next++) {
      if (core.u8[ptr + commas[next]! - from] !== COMMA) isRight = false;
    }
    from += bytes;
  });
  return isRight;
}

function blockSums(at: FrameAt): Uint32Array {
  const { frame: { layout } } = at;
  const sums = new Uint8Array(layout.metadata - layout.blockSums);
  let done = 0;
  eachPiece(at, layout.blockSums, layout.metadata, (ptr, bytes) => {
    sums.set(core.u8.subarray(ptr, ptr + bytes), done);
    done += bytes;
  });
  return new Uint32Array(sums.buffer);
}

/** Calls back for a range of a frame, piece by piece; returns false if the file ends before the range does. */
function eachPiece(
  { segment, offset }: FrameAt,
  from: number,
  to: number,
  use: (ptr: number, bytes: number) => void,
): boolean {
  for (let done = from; done < to;) {
    const bytes = Math.min(to - done, READ_AHEAD_BYTES);
    const ptr = readWindow.at(segment, offset + done, bytes, READ_AHEAD_BYTES);
    if (ptr < 0) return false;
    use(ptr, bytes);
    done += bytes;
  }
  return true;
}
