import {
  type FrameLayout,
  type FrameSizes,
  HEADER_MAGIC,
  layoutOf,
  RECORD,
  type Signature,
} from "./bytes.ts";

/** What a frame's header says, and its trailer repeats. */
export interface FrameRecord extends FrameSizes, Signature {
  kind: number;
  headCrc: number;
  recordCrc: number;
  layout: FrameLayout;
}

/** The header's magic, byte by byte. */
export const HEADER_MAGIC_BYTES: readonly number[] = [0, 8, 16, 24].map((shift) =>
  (HEADER_MAGIC >>> shift) & 0xff
);

const TWO_32 = 4294967296;

/** Reads a record that the core has found valid. */
export function decodeRecord(view: DataView, at: number): FrameRecord {
  const flags = view.getUint8(at + RECORD.flags);
  const extentCount = view.getUint16(at + RECORD.extentCount, true);
  const count = view.getUint32(at + RECORD.count, true);
  const metadataBytes = view.getUint32(at + RECORD.metadataBytes, true);
  const dataBytes = view.getUint32(at + RECORD.dataBytes, true);
  // Field by field: Node spreads objects of this size many times slower.
  return {
    kind: view.getUint8(at + RECORD.kind),
    flags,
    extentCount,
    salt: view.getUint32(at + RECORD.salt, true),
    sequence: view.getUint32(at + RECORD.sequence, true),
    nonceLow: view.getUint32(at + RECORD.nonce, true),
    nonceHigh: view.getUint32(at + RECORD.nonce + 4, true),
    count,
    metadataBytes,
    dataBytes,
    headCrc: view.getUint32(at + RECORD.headCrc, true),
    time: readUint64(view, at + RECORD.time),
    anchorId: readUint64(view, at + RECORD.anchorId),
    anchorOffset: view.getUint32(at + RECORD.anchorOffset, true),
    recordCrc: view.getUint32(at + RECORD.crc, true),
    layout: layoutOf({ flags, extentCount, count, metadataBytes, dataBytes }),
  };
}

/** Writes what {@linkcode decodeRecord} reads, except the two checksums. */
export function encodeRecord(
  view: DataView,
  at: number,
  { kind, sizes, signature }: { kind: number; sizes: FrameSizes; signature: Signature },
): void {
  view.setUint32(at + RECORD.magic, HEADER_MAGIC, true);
  view.setUint8(at + RECORD.kind, kind);
  view.setUint8(at + RECORD.flags, sizes.flags);
  view.setUint16(at + RECORD.extentCount, sizes.extentCount, true);
  view.setUint32(at + RECORD.salt, signature.salt, true);
  view.setUint32(at + RECORD.sequence, signature.sequence, true);
  view.setUint32(at + RECORD.nonce, signature.nonceLow, true);
  view.setUint32(at + RECORD.nonce + 4, signature.nonceHigh, true);
  view.setUint32(at + RECORD.count, sizes.count, true);
  view.setUint32(at + RECORD.metadataBytes, sizes.metadataBytes, true);
  view.setUint32(at + RECORD.dataBytes, sizes.dataBytes, true);
  writeUint64(view, at + RECORD.time, signature.time);
  writeUint64(view, at + RECORD.anchorId, signature.anchorId);
  view.setUint32(at + RECORD.anchorOffset, signature.anchorOffset, true);
}

/** Writes an unsigned 64-bit number below 2^53. */
export function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value / TWO_32, true);
}

/** The greatest time that a date can have, in milliseconds since 1970. */
const TIME_MAX = 8.64e15;

/**
 * A time. A segment begun by an earlier version while the clock showed a time before 1970 has a greater one than any:
 * frames that went on from there could not be stored.
 */
export function readTime(view: DataView, at: number): number {
  return Math.min(readUint64(view, at), TIME_MAX);
}

/** An unsigned 64-bit number that the format keeps below 2^53. */
export function readUint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
}
