/**
 * The 64 bytes at the start of a segment.
 *
 * @module
 */

import { crc32 } from "./crc";
import {
  FORMAT_VERSION,
  SEGMENT_BASE_ID,
  SEGMENT_CRC,
  SEGMENT_CREATED,
  SEGMENT_HEADER_BYTES,
  SEGMENT_HEADER_BYTES_FIELD,
  SEGMENT_MAGIC,
  SEGMENT_PARTITION,
  SEGMENT_PREVIOUS_ID,
  SEGMENT_PREVIOUS_SALT,
  SEGMENT_PREVIOUS_SEAL,
  SEGMENT_SALT,
  SEGMENT_VERSION,
} from "./format";

const OK: u32 = 0;
const NOT_A_SEGMENT: u32 = 1;
const DAMAGED: u32 = 2;
const NEWER: u32 = 3;

/** Writes a segment header at `ptr`. */
export function encodeSegmentHeader(
  ptr: usize,
  partition: u32,
  salt: u32,
  baseId: f64,
  created: f64,
  previousId: f64,
  previousSeal: u32,
  previousSalt: u32,
): void {
  memory.fill(ptr, 0, SEGMENT_HEADER_BYTES);
  store<u64>(ptr, SEGMENT_MAGIC);
  store<u16>(ptr, <u16> FORMAT_VERSION, SEGMENT_VERSION);
  store<u16>(ptr, <u16> SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES_FIELD);
  store<u32>(ptr, partition, SEGMENT_PARTITION);
  store<u32>(ptr, salt, SEGMENT_SALT);
  store<u64>(ptr, <u64> baseId, SEGMENT_BASE_ID);
  store<u64>(ptr, <u64> created, SEGMENT_CREATED);
  store<u64>(ptr, <u64> previousId, SEGMENT_PREVIOUS_ID);
  store<u32>(ptr, previousSeal, SEGMENT_PREVIOUS_SEAL);
  store<u32>(ptr, previousSalt, SEGMENT_PREVIOUS_SALT);
  store<u32>(ptr, crc32(ptr, <u32> SEGMENT_CRC, 0), SEGMENT_CRC);
}

/**
 * 0 a readable segment header, 1 not a segment, 2 damaged, 3 of a newer version. The CRC is checked before
 * the version: a flipped bit must not pass for a newer program's file. So its position is the same in all
 * future versions.
 */
export function checkSegmentHeader(ptr: usize): u32 {
  if (load<u64>(ptr) != SEGMENT_MAGIC) return NOT_A_SEGMENT;
  if (load<u32>(ptr, SEGMENT_CRC) != crc32(ptr, <u32> SEGMENT_CRC, 0)) return DAMAGED;
  return <u32> load<u16>(ptr, SEGMENT_VERSION) > FORMAT_VERSION ? NEWER : OK;
}
