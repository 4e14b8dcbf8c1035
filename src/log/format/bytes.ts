/**
 * The bytes of a segment file, format version 1. Everything is little-endian and nothing is aligned.
 *
 * ```text
 * segment   = segment header (64) , frame , frame , …
 *
 * segment header                      frame record (header and trailer)
 *  0  8  magic "DSLOG\r\n\x1a"         0  4  magic: header "DSFH", trailer "DSFT"
 *  8  2  version = 1                   4  1  kind: 1 events, 2 seal, 3 chunk
 * 10  2  header bytes = 64             5  1  flags
 * 12  4  partition                     6  2  extent count
 * 16  4  salt                          8  4  salt of the segment
 * 20  4  zero                         12  4  sequence: counts this writer's frames
 * 24  8  base id                      16  8  nonce: names the writer
 * 32  8  created, ms since 1970       24  4  event count
 * 40  8  base id of the segment       28  4  metadata bytes
 *        before this one              32  4  data bytes in this frame
 * 48  4  offset of its seal, 0: none  36  4  CRC-32 of the head
 * 52  4  its salt, 0: not known       40  8  time, ms since 1970
 * 56  4  zero                         48  8  anchor id
 * 60  4  CRC-32 of bytes 0 to 59      56  4  anchor offset
 *                                     60  4  CRC-32 of bytes 0 to 59
 *
 * frame = header record (64)
 *       , head = table       nothing with flag LOST, else
 *                            4 bytes an event (metadata size), with flag HAS_DATA 8 (metadata size, data size);
 *                            with flag DATA_LOST the top bit of a metadata size marks an event without its data
 *              , extents     only if extent count > 0: total data size (8), then 16 bytes an extent:
 *                            base id of the segment (8), offset of its chunk frame (4), data bytes (4)
 *              , block sums  4 bytes for each started 64 KiB of data: CRC-32 of that block
 *              , metadata    with flag JSON_TEXT: the JSON texts joined by one comma byte
 *       , data               all data parts, back to back
 *       , trailer record (64): the header again, with the trailer's magic and its own CRC
 * ```
 *
 * @module
 */

/** Version written, and the newest that can be read. */
export const FORMAT_VERSION = 1;

export const SEGMENT_HEADER_BYTES = 64;
/** No segment's file has more bytes: it is sealed after 2 GiB at most, and few frames are appended before it is. */
export const SEGMENT_FILE_BYTES_MAX = 2 ** 33;
/** "DSLOG\r\n\x1a": the line ends and the control byte show damage by text-mode copying. */
export const SEGMENT_MAGIC = new Uint8Array([0x44, 0x53, 0x4c, 0x4f, 0x47, 0x0d, 0x0a, 0x1a]);
export const SEGMENT = {
  version: 8,
  headerBytes: 10,
  partition: 12,
  salt: 16,
  baseId: 24,
  created: 32,
  previousId: 40,
  previousSeal: 48,
  previousSalt: 52,
  crc: 60,
} as const;

export const RECORD_BYTES = 64;
/** "DSFH" read as a little-endian number. */
export const HEADER_MAGIC = 0x48465344;
/** "DSFT" read as a little-endian number. */
export const TRAILER_MAGIC = 0x54465344;
export const RECORD = {
  magic: 0,
  kind: 4,
  flags: 5,
  extentCount: 6,
  salt: 8,
  sequence: 12,
  nonce: 16,
  count: 24,
  metadataBytes: 28,
  dataBytes: 32,
  headCrc: 36,
  time: 40,
  anchorId: 48,
  anchorOffset: 56,
  crc: 60,
} as const;

export const KIND = { events: 1, seal: 2, chunk: 3 } as const;

export const FLAG = {
  /** The table has a data size beside each metadata size. */
  hasData: 1,
  /** Metadata is JSON texts joined by commas. */
  jsonText: 2,
  /** Every metadata byte is ASCII, so that byte offsets are character offsets. */
  ascii: 4,
  /** Written by repair: all events of this frame were lost. They keep their ids, and readers skip them. */
  lost: 8,
  /** Written by repair: of the events that the table marks, the data part was lost. */
  dataLost: 16,
  /** On a seal: the topic was deleted, no segment follows. */
  terminal: 128,
} as const;

/** The mark of an event without its data, in a metadata size of the table; only with the flag `dataLost`. */
export const DATA_LOST_MARK = 0x80000000;

/** Data has a checksum for each block of this size, so that a part of it can be read alone. */
export const DATA_BLOCK_BYTES = 65536;
export const EXTENT_BYTES = 16;

/** Offsets of chunks, anchors and index entries have four bytes. */
export const OFFSETS_END: number = 2 ** 32;

/*
 * The limits of a frame. No writer exceeds them, so a header that states more is damage: no reader takes memory because
 * of what a header says.
 */
/** Events of one frame, except those that were lost. */
export const FRAME_EVENTS_MAX: number = 1 << 20;
/** Metadata of one frame: a reader holds it all in memory at once. */
export const METADATA_BYTES_MAX: number = 16 << 20;
/** Data of one frame; larger parts go ahead of their event in chunks. */
export const FRAME_DATA_BYTES_MAX: number = 16 << 20;
/** The largest data part of an event. */
export const DATA_BYTES_MAX: number = 2 ** 32;

/**
 * One index entry: id (8), time (8), offset (4), CRC of the frame's header record (4), salt (4), CRC-32 of the entry's
 * first 28 bytes (4).
 */
export const INDEX_ENTRY_BYTES = 32;
export const INDEX = { id: 0, time: 8, offset: 16, recordCrc: 20, salt: 24, crc: 28 } as const;

/** The sizes that a record states, from which every offset in its frame follows. */
export interface FrameSizes {
  flags: number;
  count: number;
  extentCount: number;
  metadataBytes: number;
  dataBytes: number;
}

/** What a record says beside the sizes: its writer, its time and its anchor. */
export interface Signature {
  salt: number;
  sequence: number;
  nonceLow: number;
  nonceHigh: number;
  /** Milliseconds since 1970. */
  time: number;
  /** The id of the next event at the anchor offset, which the writer knew before it wrote this frame. */
  anchorId: number;
  /** A frame boundary at or before this frame. */
  anchorOffset: number;
}

/** Offsets of the parts of a frame, counted from its first byte. */
export interface FrameLayout {
  table: number;
  extents: number;
  blockSums: number;
  metadata: number;
  data: number;
  trailer: number;
  frameBytes: number;
}

/** Where each part of a frame lies. */
export function layoutOf(sizes: FrameSizes): FrameLayout {
  const table = RECORD_BYTES;
  const entries = sizes.flags & FLAG.lost ? 0 : sizes.count;
  const extents = table + entries * (sizes.flags & FLAG.hasData ? 8 : 4);
  const blockSums = extents + (sizes.extentCount > 0 ? 8 + sizes.extentCount * EXTENT_BYTES : 0);
  const metadata = blockSums + 4 * Math.ceil(sizes.dataBytes / DATA_BLOCK_BYTES);
  const data = metadata + sizes.metadataBytes;
  const trailer = data + sizes.dataBytes;
  return { table, extents, blockSums, metadata, data, trailer, frameBytes: trailer + RECORD_BYTES };
}
