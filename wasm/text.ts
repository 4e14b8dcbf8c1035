/**
 * What the metadata text needs to be cut without decoding each event.
 *
 * @module
 */

/** 1 when no byte has its highest bit set. */
export function isAscii(ptr: usize, bytes: u32): bool {
  const end = ptr + bytes;
  for (; ptr + 64 <= end; ptr += 64) {
    const all = v128.or(
      v128.or(v128.load(ptr), v128.load(ptr, 16)),
      v128.or(v128.load(ptr, 32), v128.load(ptr, 48)),
    );
    if (i8x16.bitmask(all) != 0) return false;
  }
  for (; ptr + 16 <= end; ptr += 16) {
    if (i8x16.bitmask(v128.load(ptr)) != 0) return false;
  }
  for (; ptr < end; ptr++) {
    if (load<u8>(ptr) > 127) return false;
  }
  return true;
}
