// Checks that a frame holds what its records say. The records themselves were checked by the scanner.

import { blockChecksum } from "../format/core/block_checksum.ts";
import { core } from "../format/core/core.ts";
import {
  decodeExtents,
  decodeMarks,
  decodeSums,
  decodeTable,
  type Extents,
  type Table,
  tableAddsUp,
} from "../format/frame_body.ts";
import { DATA_BLOCK_BYTES, FLAG, RECORD_BYTES } from "../format/bytes.ts";
import type { FrameRecord } from "../format/frame_header.ts";
import { READ_AHEAD_BYTES, readWindow } from "./window.ts";
import type { Segment } from "./segment_file.ts";

const COMMA = 0x2c;

/** A frame and its position. */
export interface FrameAt {
  segment: Segment;
  offset: number;
  frame: FrameRecord;
}

/**
 * Where a frame's head lies in the core's memory, with its record before it; -1 if its checksum is not right, or the file
 * ends before. `bytes` of the frame are read.
 */
export function intactHead({ segment, offset, frame }: FrameAt, bytes = frame.layout.data): number {
  const head = readWindow.at(segment, offset, bytes);
  return head >= 0 && isHeadRight(head, frame) ? head : -1;
}

/** Whether the head of a frame in the core's memory has the checksum in its record. */
export function isHeadRight(at: number, { layout, headCrc }: FrameRecord): boolean {
  return core.crc32At(at + RECORD_BYTES, layout.data - RECORD_BYTES) === headCrc;
}

/** What is wrong with a frame's table, extents, block sums or metadata; undefined if nothing is. */
export function headDamage(at: FrameAt): string | undefined {
  const { frame } = at;
  const head = readHead(at);
  if (head < 0) return "bytes are missing";
  if (!isHeadRight(head, frame)) return "metadata checksum differs";
  if ((frame.flags & FLAG.lost) !== 0) return undefined;
  const table = decodeTable(core.view, head, frame);
  if (!tableAddsUp(frame, table)) return "the sizes in its table do not add up";
  return (frame.flags & FLAG.jsonText) !== 0 && !textsAreRight(head, frame, table)
    ? "its metadata is not JSON text, though its checksum is right"
    : undefined;
}

/** The data blocks of a frame whose checksums differ, in order. */
export function damagedBlocks(at: FrameAt): number[] {
  const { segment, offset, frame: { layout, dataBytes } } = at;
  const head = readHead(at);
  const sums = head < 0 ? [] : decodeSums(core.view, head + layout.blockSums, head + layout.metadata);
  const damaged: number[] = [];
  for (let block = 0, from = 0; from < dataBytes; block++, from += DATA_BLOCK_BYTES) {
    const bytes = Math.min(DATA_BLOCK_BYTES, dataBytes - from);
    const ptr = readWindow.at(segment, offset + layout.data + from, bytes, READ_AHEAD_BYTES);
    if (ptr < 0 || blockChecksum.at(ptr, bytes) !== sums[block]) damaged.push(block);
  }
  return damaged;
}

/**
 * The events whose data is in these blocks, at least in part, except those whose data was lost before; as ranges of
 * their numbers in the frame.
 */
export function eventsInBlocks(at: FrameAt, blocks: readonly number[]): { first: number; end: number }[] {
  const ranges: { first: number; end: number }[] = [];
  const isDamaged = new Set(blocks);
  const head = readHead(at);
  if (head < 0) return ranges;
  const { count, layout } = at.frame;
  const { dataStarts = [] } = decodeTable(core.view, head, at.frame);
  const lost = decodeMarks(core.view, head + layout.table, at.frame);
  for (let index = 0; index < count; index++) {
    const [start, end] = [dataStarts[index]!, dataStarts[index + 1]!];
    if (lost.has(index) || start === end || !touches(isDamaged, start, end)) continue;
    const last = ranges[ranges.length - 1];
    if (last?.end === index) last.end++;
    else ranges.push({ first: index, end: index + 1 });
  }
  return ranges;
}

/** The chunks that a frame's event refers to. */
export function extentsOf(at: FrameAt): Extents {
  const { layout, extentCount } = at.frame;
  const head = readHead(at);
  if (head < 0 || extentCount === 0) return { totalBytes: 0, list: [] };
  return decodeExtents(core.view, head + layout.extents, extentCount);
}

/** Where a frame's head is in the core's memory, with its record before it; -1 if the file ends before it does. */
function readHead({ segment, offset, frame }: FrameAt): number {
  return readWindow.at(segment, offset, frame.layout.data, READ_AHEAD_BYTES);
}

function touches(blocks: ReadonlySet<number>, start: number, end: number): boolean {
  for (let block = Math.floor(start / DATA_BLOCK_BYTES); block * DATA_BLOCK_BYTES < end; block++) {
    if (blocks.has(block)) return true;
  }
  return false;
}

/** Whether there are commas between the texts, and no bytes in them that JSON never has. */
function textsAreRight(head: number, frame: FrameRecord, { metadataStarts }: Table): boolean {
  const texts = head + frame.layout.metadata;
  if (core.hasControls(texts, frame.metadataBytes)) return false;
  const isComma = (end: number) => core.u8[texts + end - 1] === COMMA;
  return metadataStarts.every((start, index) => index === 0 || index === frame.count || isComma(start));
}
