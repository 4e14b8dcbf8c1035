/**
 * A whole frame: sealing it once its parts are in place, and checking its head.
 *
 * @module
 */

import { crc32 } from "./crc";
import { RECORD_BYTES, RECORD_CRC, RECORD_DATA_BYTES, RECORD_HEAD_CRC, TRAILER_MAGIC } from "./format";
import { headBytesOf } from "./record";

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

/** 1 if the head after the header record at `ptr` has the CRC stated in that record. */
export function checkHead(ptr: usize): bool {
  const headBytes = headBytesOf(ptr);
  // An unchecked record can state any size; a trap would end the whole process.
  if (<u64> ptr + RECORD_BYTES + headBytes > <u64> memory.size() << 16) return false;
  return load<u32>(ptr, RECORD_HEAD_CRC) == crc32(ptr + RECORD_BYTES, <u32> headBytes, 0);
}
