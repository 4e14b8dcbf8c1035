// The 64-byte records at both ends of a frame: completing them, checking them, searching for them.

import { crc32 } from "./crc";
import {
  FLAG_LOST,
  FRAME_DATA_BYTES_MAX,
  FRAME_EVENTS_MAX,
  HEADER_MAGIC,
  KIND_CHUNK,
  KIND_EVENTS,
  METADATA_BYTES_MAX,
  RECORD_ANCHOR_ID,
  RECORD_BYTES,
  RECORD_COUNT,
  RECORD_CRC,
  RECORD_DATA_BYTES,
  RECORD_FLAGS,
  RECORD_HEAD_CRC,
  RECORD_KIND,
  RECORD_METADATA_BYTES,
  RECORD_SALT,
  RECORD_TIME,
  TRAILER_MAGIC,
} from "./format";

/** Bits of a number that JavaScript represents exactly. */
const SAFE_BITS: u64 = 53;

/**
 * Completes the frame at `ptr`, whose header record is filled in except for its checksums, and whose other parts are in
 * place: writes both checksums and the trailer record. `data` and `trailer` are where those begin, counted from `ptr`.
 */
export function sealFrame(ptr: usize, data: u32, trailer: u32): void {
  store<u32>(ptr, crc32(ptr + RECORD_BYTES, data - RECORD_BYTES, 0), RECORD_HEAD_CRC);
  store<u32>(ptr, crc32(ptr, <u32> RECORD_CRC, 0), RECORD_CRC);
  const end = ptr + trailer;
  memory.copy(end, ptr, RECORD_BYTES);
  store<u32>(end, TRAILER_MAGIC);
  store<u32>(end, crc32(end, <u32> RECORD_CRC, 0), RECORD_CRC);
}

/** 1 if an intact header record (or trailer record) with this salt is at `ptr`, else 0. */
export function checkRecord(ptr: usize, salt: u32, trailer: bool): bool {
  return load<u32>(ptr) == (trailer ? TRAILER_MAGIC : HEADER_MAGIC) && load<u32>(ptr, RECORD_SALT) == salt &&
    isSound(ptr);
}

/** Whether header and trailer record are of the same frame: all bytes between magic and CRC agree. */
export function sameFrame(header: usize, trailer: usize): bool {
  const differences = v128.or(
    v128.or(
      v128.xor(v128.load(header, 4), v128.load(trailer, 4)),
      v128.xor(v128.load(header, 20), v128.load(trailer, 20)),
    ),
    v128.or(
      v128.xor(v128.load(header, 36), v128.load(trailer, 36)),
      v128.xor(v128.load(header, 44), v128.load(trailer, 44)),
    ),
  );
  return !v128.any_true(differences);
}

/**
 * Offset from `ptr` of the first intact record, header or trailer, with this salt or any, that is completely within the
 * `bytes` bytes at `ptr`; -1 if there is none.
 */
export function findRecord(ptr: usize, bytes: u32, salt: u32, anySalt: bool): i32 {
  if (bytes < RECORD_BYTES) return -1;
  const last = ptr + bytes - RECORD_BYTES;
  let at = ptr;
  while (at <= last) {
    // Every start up to `last` has 64 bytes after it, so these loads stay in bounds.
    while (
      at + 64 <= last && !v128.any_true(v128.or(
        v128.or(pairs(at), pairs(at + 16)),
        v128.or(pairs(at + 32), pairs(at + 48)),
      ))
    ) at += 64;
    for (let found = i8x16.bitmask(pairs(at)); found != 0; found &= found - 1) {
      const record = at + ctz(found);
      if (record > last) return -1;
      const magic = load<u32>(record);
      if (magic != HEADER_MAGIC && magic != TRAILER_MAGIC) continue;
      if (!anySalt && load<u32>(record, RECORD_SALT) != salt) continue;
      if (isSound(record)) return <i32> (record - ptr);
    }
    at += 16;
  }
  return -1;
}

/** A lane is set where "DS", the first half of either magic, starts. */
function pairs(at: usize): v128 {
  return v128.and(i8x16.eq(v128.load(at), i8x16.splat(0x44)), i8x16.eq(v128.load(at, 1), i8x16.splat(0x53)));
}

/** All checks that do not depend on magic and salt. The CRC comes last, because it costs most. */
function isSound(ptr: usize): bool {
  const kind = <u32> load<u8>(ptr, RECORD_KIND);
  if (kind < KIND_EVENTS || kind > KIND_CHUNK) return false;
  if (kind != KIND_EVENTS && load<u32>(ptr, RECORD_COUNT) != 0) return false;
  if (((load<u64>(ptr, RECORD_TIME) | load<u64>(ptr, RECORD_ANCHOR_ID)) >> SAFE_BITS) != 0) return false;
  if (load<u32>(ptr, RECORD_METADATA_BYTES) > METADATA_BYTES_MAX) return false;
  if (load<u32>(ptr, RECORD_DATA_BYTES) > FRAME_DATA_BYTES_MAX) return false;
  const isLost = (<u32> load<u8>(ptr, RECORD_FLAGS) & FLAG_LOST) != 0;
  if (!isLost && load<u32>(ptr, RECORD_COUNT) > FRAME_EVENTS_MAX) return false;
  return load<u32>(ptr, RECORD_CRC) == crc32(ptr, <u32> RECORD_CRC, 0);
}
