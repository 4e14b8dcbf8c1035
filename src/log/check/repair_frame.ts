/**
 * Changes frames in the copy of a segment: marks what is lost, and updates checksums. Sizes and offsets do not change.
 *
 * @module
 */
import { StorageError } from "../../errors.ts";
import { readFully } from "../segment/window.ts";
import { core } from "../format/core/core.ts";
import { type StorageFile, writeAllAt } from "../../storage/port.ts";
import {
  DATA_BLOCK_BYTES,
  DATA_LOST_MARK,
  FLAG,
  HEADER_MAGIC,
  RECORD,
  RECORD_BYTES,
  TRAILER_MAGIC,
} from "../format/bytes.ts";
import { tableStride } from "../format/frame_body.ts";
import { damagedBlocks, type FrameAt } from "../segment/frame_check.ts";

/** Writes both records of a frame, after a change, from the one that is intact. */
export function writeRecords(
  copy: StorageFile,
  { segment, offset, frame }: FrameAt,
  change?: (record: DataView) => void,
): void {
  const trailerAt = offset + frame.layout.trailer;
  let record = readAllAt(copy, RECORD_BYTES, offset);
  if (!isHeader(record, segment.salt)) record = readAllAt(copy, RECORD_BYTES, trailerAt);
  const view = new DataView(record.buffer);
  change?.(view);
  for (const [magic, at] of [[HEADER_MAGIC, offset], [TRAILER_MAGIC, trailerAt]] as const) {
    view.setUint32(RECORD.magic, magic, true);
    view.setUint32(RECORD.crc, core.crc32(record.subarray(0, RECORD.crc)), true);
    writeAllAt(copy, record, at);
  }
}

/**
 * Marks the data of events of a frame, counted from its first, as lost, and overwrites the damaged blocks, which no one
 * reads any more, with zeros.
 */
export function giveUpData(copy: StorageFile, at: FrameAt, events: { first: number; end: number }): void {
  const { offset, frame: { flags, layout, dataBytes } } = at;
  const stride = tableStride(flags);
  for (let index = events.first; index < events.end; index++) {
    const entryAt = offset + layout.table + index * stride;
    const entry = readAllAt(copy, 4, entryAt);
    // The top bit of a little-endian number.
    entry[3]! |= DATA_LOST_MARK >>> 24;
    writeAllAt(copy, entry, entryAt);
  }
  for (const block of damagedBlocks(at)) {
    const from = block * DATA_BLOCK_BYTES;
    const blank = new Uint8Array(Math.min(DATA_BLOCK_BYTES, dataBytes - from));
    writeAllAt(copy, blank, offset + layout.data + from);
    const sum = new Uint8Array(4);
    new DataView(sum.buffer).setUint32(0, core.crc32(blank), true);
    writeAllAt(copy, sum, offset + layout.blockSums + 4 * block);
  }
  const headCrc = core.crc32(readAllAt(copy, layout.data - RECORD_BYTES, offset + RECORD_BYTES));
  writeRecords(copy, at, (record) => {
    if (events.end > events.first) {
      record.setUint8(RECORD.flags, record.getUint8(RECORD.flags) | FLAG.dataLost);
    }
    record.setUint32(RECORD.headCrc, headCrc, true);
  });
}

function isHeader(record: Uint8Array, salt: number): boolean {
  core.u8.set(record, core.slot);
  return core.checkRecord(core.slot, salt, false);
}

/** Reads at an offset; the bytes must be there. */
export function readAllAt(file: StorageFile, bytes: number, offset: number): Uint8Array {
  const into = new Uint8Array(bytes);
  if (readFully(file, into, offset) === bytes) return into;
  throw new StorageError("EIO", `Cannot read "${file.path}": it ends before byte ${offset + bytes}`);
}
