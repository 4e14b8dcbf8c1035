/**
 * A whole frame: writing its records around parts that are in place, and checking its parts.
 *
 * @module
 */

import { crc32 } from "./crc";
import {
  DATA_BLOCK_BYTES,
  HEADER_MAGIC,
  RECORD_ANCHOR_ID,
  RECORD_ANCHOR_OFFSET,
  RECORD_BYTES,
  RECORD_COUNT,
  RECORD_CRC,
  RECORD_DATA_BYTES,
  RECORD_EXTENT_COUNT,
  RECORD_FLAGS,
  RECORD_HEAD_CRC,
  RECORD_KIND,
  RECORD_METADATA_BYTES,
  RECORD_NONCE,
  RECORD_SALT,
  RECORD_SEQUENCE,
  RECORD_TIME,
  TRAILER_MAGIC,
} from "./format";
import { blockCountOf, headBytesOf } from "./record";

/**
 * Completes the frame at `ptr`, whose table, extents, block sums, metadata and data are in place: header record,
 * trailer record. Returns the frame's bytes.
 */
export function encodeFrame(
  ptr: usize,
  kind: u32,
  flags: u32,
  extentCount: u32,
  salt: u32,
  sequence: u32,
  nonceLow: u32,
  nonceHigh: u32,
  count: u32,
  metadataBytes: u32,
  dataBytes: u32,
  time: f64,
  anchorId: f64,
  anchorOffset: u32,
): u32 {
  store<u32>(ptr, HEADER_MAGIC);
  store<u8>(ptr, <u8> kind, RECORD_KIND);
  store<u8>(ptr, <u8> flags, RECORD_FLAGS);
  store<u16>(ptr, <u16> extentCount, RECORD_EXTENT_COUNT);
  store<u32>(ptr, salt, RECORD_SALT);
  store<u32>(ptr, sequence, RECORD_SEQUENCE);
  store<u32>(ptr, nonceLow, RECORD_NONCE);
  store<u32>(ptr, nonceHigh, RECORD_NONCE + 4);
  store<u32>(ptr, count, RECORD_COUNT);
  store<u32>(ptr, metadataBytes, RECORD_METADATA_BYTES);
  store<u32>(ptr, dataBytes, RECORD_DATA_BYTES);
  store<u64>(ptr, <u64> time, RECORD_TIME);
  store<u64>(ptr, <u64> anchorId, RECORD_ANCHOR_ID);
  store<u32>(ptr, anchorOffset, RECORD_ANCHOR_OFFSET);

  const head = ptr + RECORD_BYTES;
  const headBytes = <u32> headBytesOf(ptr);
  const data = head + headBytes;
  store<u32>(ptr, crc32(head, headBytes, 0), RECORD_HEAD_CRC);
  store<u32>(ptr, crc32(ptr, <u32> RECORD_CRC, 0), RECORD_CRC);

  const trailer = data + dataBytes;
  memory.copy(trailer, ptr, RECORD_BYTES);
  store<u32>(trailer, TRAILER_MAGIC);
  store<u32>(trailer, crc32(trailer, <u32> RECORD_CRC, 0), RECORD_CRC);
  return <u32> (trailer + RECORD_BYTES - ptr);
}

/** 1 when the head after the header record at `ptr` has the CRC which that record states. */
export function checkHead(ptr: usize): bool {
  const headBytes = headBytesOf(ptr);
  // An unchecked record can state any size; a trap would take the whole process down.
  if (<u64> ptr + RECORD_BYTES + headBytes > <u64> memory.size() << 16) return false;
  return load<u32>(ptr, RECORD_HEAD_CRC) == crc32(ptr + RECORD_BYTES, <u32> headBytes, 0);
}

/**
 * The first of `blockCount` blocks from `firstBlock` on whose CRC differs from its block sum; -1 when all
 * agree. `data` is where the first of them starts, `dataBytes` is the frame's data size and `sums` is where
 * the frame's block sums start.
 */
export function checkBlocks(data: usize, dataBytes: u32, sums: usize, firstBlock: u32, blockCount: u32): i32 {
  const end = <u32> min(<u64> firstBlock + blockCount, blockCountOf(dataBytes));
  for (let block = firstBlock; block < end; block++, data += DATA_BLOCK_BYTES) {
    const bytes = min(dataBytes - block * DATA_BLOCK_BYTES, DATA_BLOCK_BYTES);
    if (load<u32>(sums + (block << 2)) != crc32(data, bytes, 0)) return <i32> block;
  }
  return -1;
}
