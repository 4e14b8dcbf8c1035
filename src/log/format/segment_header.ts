import { core } from "./core/core.ts";
import { FORMAT_VERSION, SEGMENT, SEGMENT_HEADER_BYTES, SEGMENT_MAGIC } from "./bytes.ts";
import { readTime, readUint64, writeUint64 } from "./frame_header.ts";

/** Where a segment ends. */
export interface SealedSegment {
  baseId: number;
  /** Offset of its seal: what follows it is discarded. */
  sealOffset: number;
  /** Distinguishes it from another segment of the same name; 0 where it is not known. */
  salt: number;
}

export interface SegmentHeader {
  partition: number;
  salt: number;
  baseId: number;
  /** Milliseconds since 1970. */
  created: number;
  /** The segment that it follows; all zero where there is none or that was not sealed. */
  after?: SealedSegment | undefined;
}

/** The header of a segment, and so an empty one. */
export function encodeSegmentHeader({ partition, salt, baseId, created, after }: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(SEGMENT_MAGIC);
  view.setUint16(SEGMENT.version, FORMAT_VERSION, true);
  view.setUint16(SEGMENT.headerBytes, SEGMENT_HEADER_BYTES, true);
  view.setUint32(SEGMENT.partition, partition, true);
  view.setUint32(SEGMENT.salt, salt, true);
  writeUint64(view, SEGMENT.baseId, baseId);
  writeUint64(view, SEGMENT.created, created);
  writeUint64(view, SEGMENT.previousId, after?.baseId ?? 0);
  view.setUint32(SEGMENT.previousSeal, after?.sealOffset ?? 0, true);
  view.setUint32(SEGMENT.previousSalt, after?.salt ?? 0, true);
  view.setUint32(SEGMENT.crc, core.crc32(bytes.subarray(0, SEGMENT.crc)), true);
  return bytes;
}

/**
 * Reads a header of any version, undefined if it is damaged or none. The checksum is at the same place in all versions:
 * a flipped bit must not pass for the file of a newer program.
 */
export function decodeSegmentHeader(
  bytes: Uint8Array,
): SegmentHeader & { after: SealedSegment; version: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isIntact = bytes.byteLength === SEGMENT_HEADER_BYTES &&
    SEGMENT_MAGIC.every((byte, index) => bytes[index] === byte) &&
    core.crc32(bytes.subarray(0, SEGMENT.crc)) === view.getUint32(SEGMENT.crc, true);
  if (!isIntact) return undefined;
  return {
    version: view.getUint16(SEGMENT.version, true),
    partition: view.getUint32(SEGMENT.partition, true),
    salt: view.getUint32(SEGMENT.salt, true),
    baseId: readUint64(view, SEGMENT.baseId),
    created: readTime(view, SEGMENT.created),
    after: {
      baseId: readUint64(view, SEGMENT.previousId),
      sealOffset: view.getUint32(SEGMENT.previousSeal, true),
      salt: view.getUint32(SEGMENT.previousSalt, true),
    },
  };
}
