/**
 * A whole frame: sealing it once its parts are in place.
 *
 * @module
 */

import { crc32 } from "./crc";
import {
  DATA_BLOCK_BYTES,
  EXTENT_BYTES,
  FLAG_HAS_DATA,
  FLAG_LOST,
  RECORD_BYTES,
  RECORD_COUNT,
  RECORD_CRC,
  RECORD_DATA_BYTES,
  RECORD_EXTENT_COUNT,
  RECORD_FLAGS,
  RECORD_HEAD_CRC,
  RECORD_METADATA_BYTES,
  TRAILER_MAGIC,
} from "./format";

/**
 * Seals the frame at `ptr`, whose header record is filled in except for its checksums, and whose table,
 * extents, block sums, metadata and data are in place: writes both checksums and the trailer record. Returns
 * the frame's size.
 */
export function sealFrame(ptr: usize): u32 {
  const head = ptr + RECORD_BYTES;
  const headBytes = <u32> headBytesOf(ptr);
  store<u32>(ptr, crc32(head, headBytes, 0), RECORD_HEAD_CRC);
  store<u32>(ptr, crc32(ptr, <u32> RECORD_CRC, 0), RECORD_CRC);

  const trailer = head + headBytes + load<u32>(ptr, RECORD_DATA_BYTES);
  memory.copy(trailer, ptr, RECORD_BYTES);
  store<u32>(trailer, TRAILER_MAGIC);
  store<u32>(trailer, crc32(trailer, <u32> RECORD_CRC, 0), RECORD_CRC);
  return <u32> (trailer + RECORD_BYTES - ptr);
}

/** Bytes of the head after the header record: table, extents, block sums and metadata. */
function headBytesOf(record: usize): u64 {
  const flags = <u32> load<u8>(record, RECORD_FLAGS);
  // A lost event has nothing, not even a size.
  const count = (flags & FLAG_LOST) != 0 ? 0 : <u64> load<u32>(record, RECORD_COUNT);
  const table = count << ((flags & FLAG_HAS_DATA) != 0 ? 3 : 2);
  const extentCount = <u64> load<u16>(record, RECORD_EXTENT_COUNT);
  const extents = extentCount != 0 ? 8 + extentCount * EXTENT_BYTES : 0;
  const blocks = (<u64> load<u32>(record, RECORD_DATA_BYTES) + (DATA_BLOCK_BYTES - 1)) / DATA_BLOCK_BYTES;
  return table + extents + blocks * 4 + <u64> load<u32>(record, RECORD_METADATA_BYTES);
}
