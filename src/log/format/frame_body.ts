// The body of a frame, between its two records: the table of sizes, the extents of a large data part, the checksums of
// the data's blocks. Writing, reading, verifying, repairing and exporting all use this codec; `layoutOf` says where each
// part begins.

import { DATA_BYTES_MAX, DATA_LOST_MARK, EXTENT_BYTES, FLAG, FRAME_DATA_BYTES_MAX, KIND } from "./bytes.ts";
import { type FrameRecord, readUint64, writeUint64 } from "./frame_header.ts";

/** One chunk frame that holds a piece of a large data part. */
export interface Extent {
  /** First id of the segment the chunk lies in. */
  segmentId: number;
  /** Offset of the chunk frame in that segment. */
  offset: number;
  dataBytes: number;
}

/** A data part that was written ahead in chunks. */
export interface Extents {
  totalBytes: number;
  list: readonly Extent[];
}

/** Where the part of each event begins, counted from the first one's, and where the last one ends. */
export interface Table {
  /** A separator follows each JSON text; the last one too, as if another text came. */
  metadataStarts: readonly number[];
  /** Undefined where no event has data. */
  dataStarts: readonly number[] | undefined;
}

/** Bytes of one entry of the table. */
export function tableStride(flags: number): 4 | 8 {
  return flags & FLAG.hasData ? 8 : 4;
}

/** Reads the table of a frame that begins at an address. */
export function decodeTable(view: DataView, at: number, { flags, count, layout }: FrameRecord): Table {
  const table = at + layout.table;
  const separator = flags & FLAG.jsonText ? 1 : 0;
  return {
    metadataStarts: decodeStarts(view, table, { flags, count, separator }),
    // Data sizes have no marks.
    dataStarts: flags & FLAG.hasData
      ? decodeStarts(view, table + 4, { flags: FLAG.hasData, count, separator: 0 })
      : undefined,
  };
}

/** Whether the table agrees with the record. A frame whose data is in chunks has one event, and no data itself. */
export function tableAddsUp(frame: FrameRecord, { metadataStarts, dataStarts }: Table): boolean {
  const { kind, flags, count, metadataBytes, dataBytes, extentCount } = frame;
  if (kind !== KIND.events) return count === 0 && metadataBytes === 0 && extentCount === 0;
  const separatorAfterLast = flags & FLAG.jsonText && count > 0 ? 1 : 0;
  return metadataStarts[count]! - separatorAfterLast === metadataBytes &&
    (dataStarts?.[count] ?? 0) === dataBytes && (extentCount === 0 || (count === 1 && dataBytes === 0));
}

/** Whether the sizes of chunks add up to that of their data part, and are within the limits. */
export function extentsAddUp({ totalBytes, list }: Extents): boolean {
  let sum = 0;
  for (const { dataBytes } of list) {
    if (dataBytes === 0 || dataBytes > FRAME_DATA_BYTES_MAX) return false;
    sum += dataBytes;
  }
  return sum === totalBytes && totalBytes <= DATA_BYTES_MAX;
}

/**
 * Reads the column of sizes that begins at `at`; returns where each event's part begins, and where the last one ends. An
 * array in any case: typed ones cost more for a few numbers, and one loop that fills either kind takes 15 times as long.
 */
function decodeStarts(
  view: DataView,
  at: number,
  { flags, count, separator }: { flags: number; count: number; separator: number },
): number[] {
  const stride = tableStride(flags);
  const isMarked = (flags & FLAG.dataLost) !== 0;
  const starts: number[] = new Array(count + 1);
  starts[0] = 0;
  let start = 0;
  for (let index = 0; index < count; index++, at += stride) {
    let size = view.getUint32(at, true);
    if (isMarked && size >= DATA_LOST_MARK) size -= DATA_LOST_MARK;
    start += size + separator;
    starts[index + 1] = start;
  }
  return starts;
}

/** The events of a table that are marked as having lost their data. */
export function decodeMarks(view: DataView, at: number, { flags, count }: FrameRecord): ReadonlySet<number> {
  const stride = tableStride(flags);
  const marked = new Set<number>();
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at + index * stride, true) >= DATA_LOST_MARK) marked.add(index);
  }
  return marked;
}

export function decodeExtents(view: DataView, at: number, count: number): Extents {
  const list = Array.from({ length: count }, (_, index): Extent => {
    const entry = at + 8 + index * EXTENT_BYTES;
    return {
      segmentId: readUint64(view, entry),
      offset: view.getUint32(entry + 8, true),
      dataBytes: view.getUint32(entry + 12, true),
    };
  });
  return { totalBytes: readUint64(view, at), list };
}

/** Writes extents to `at`; returns where they end. */
export function encodeExtents(view: DataView, at: number, { totalBytes, list }: Extents): number {
  writeUint64(view, at, totalBytes);
  at += 8;
  for (const { segmentId, offset, dataBytes } of list) {
    writeUint64(view, at, segmentId);
    view.setUint32(at + 8, offset, true);
    view.setUint32(at + 12, dataBytes, true);
    at += EXTENT_BYTES;
  }
  return at;
}

/** Reads the block sums between two addresses. */
export function decodeSums(view: DataView, at: number, end: number): number[] {
  const sums: number[] = new Array((end - at) / 4);
  for (let index = 0; at < end; index++, at += 4) sums[index] = view.getUint32(at, true);
  return sums;
}
