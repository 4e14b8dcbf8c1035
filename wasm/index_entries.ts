// The entries of an index. They come from several writers: some may be damaged, and neighbours may be in the
// wrong order. So every entry is examined, but the CRC is computed only for candidates.

import { crc32 } from "./crc";
import { INDEX_CRC, INDEX_ENTRY_BYTES, INDEX_ID, INDEX_OFFSET, INDEX_SALT, INDEX_TIME } from "./format";

/** 1 if an intact entry with this salt is at `ptr`. */
export function checkIndexEntry(ptr: usize, salt: u32): bool {
  return load<u32>(ptr, INDEX_SALT) == salt && load<u32>(ptr, INDEX_CRC) == crc32(ptr, <u32> INDEX_CRC, 0);
}

/** The number of the intact entry with the greatest id not above `id`, counted from the first; -1 if there is none. */
export function lookupById(ptr: usize, entryCount: u32, salt: u32, id: f64): i32 {
  return lastBelow<u64>(ptr, entryCount, salt, INDEX_ID, <u64> id + 1);
}

/**
 * The last intact entry, in the order of offsets, before the first intact one whose time is `time` or later:
 * no event from `time` on is before it. -1 if there is none.
 */
export function lookupByTime(ptr: usize, entryCount: u32, salt: u32, time: f64): i32 {
  const wanted = <u64> time;
  let limit: u64 = u64.MAX_VALUE;
  for (let index: u32 = 0; index < entryCount; index++) {
    const entry = ptr + <usize> index * INDEX_ENTRY_BYTES;
    const offset = <u64> load<u32>(entry, INDEX_OFFSET);
    if (offset < limit && load<u64>(entry, INDEX_TIME) >= wanted && checkIndexEntry(entry, salt)) {
      limit = offset;
    }
  }
  return lastBelow<u32>(ptr, entryCount, salt, INDEX_OFFSET, limit);
}

/** The number of the intact entry with the greatest value below `end` in a field of type T; -1 if there is none. */
function lastBelow<T>(ptr: usize, entryCount: u32, salt: u32, field: usize, end: u64): i32 {
  let best: i32 = -1;
  let bestValue: u64 = 0;
  // From the end: the first hit is nearly always the answer, and those before it are smaller.
  for (let index = <i32> entryCount - 1; index >= 0; index--) {
    const entry = ptr + <usize> index * INDEX_ENTRY_BYTES;
    const value = <u64> load<T>(entry + field);
    if (value >= end || (best >= 0 && value <= bestValue) || !checkIndexEntry(entry, salt)) continue;
    best = index;
    bestValue = value;
  }
  return best;
}
