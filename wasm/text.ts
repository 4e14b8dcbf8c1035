// What can be said about metadata text without decoding it.

/** 1 if a byte is a control character that no JSON text has: any except tab, line feed and carriage return. */
export function hasControls(ptr: usize, bytes: u32): bool {
  const end = ptr + bytes;
  for (; ptr + 16 <= end; ptr += 16) {
    const text = v128.load(ptr);
    const spaces = v128.or(
      i8x16.eq(text, i8x16.splat(0x09)),
      v128.or(i8x16.eq(text, i8x16.splat(0x0a)), i8x16.eq(text, i8x16.splat(0x0d))),
    );
    if (v128.any_true(v128.andnot(i8x16.lt_u(text, i8x16.splat(0x20)), spaces))) return true;
  }
  for (; ptr < end; ptr++) {
    const byte = load<u8>(ptr);
    if (byte < 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d) return true;
  }
  return false;
}
