/**
 * CRC-32 (IEEE) by table, sixteen bytes a step ("slicing-by-16"). All functions here take and give the
 * raw state, that is the CRC before its last inversion.
 *
 * @module
 */

const POLYNOMIAL: u32 = 0xedb88320;

/** Sixteen tables of 256 words: table k gives what a byte becomes k bytes further on. */
const TABLES: usize = memory.data(16 * 1024, 16);

fillTables();

function fillTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let state = byte;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (POLYNOMIAL & (0 - (state & 1)));
    store<u32>(TABLES + (byte << 2), state);
  }
  for (let at: u32 = 1024; at < 16 * 1024; at += 4) {
    const before = load<u32>(TABLES + at - 1024);
    store<u32>(TABLES + at, (before >>> 8) ^ load<u32>(TABLES + ((before & 255) << 2)));
  }
}

/** The state after `bytes` bytes at `ptr`. */
export function updateSliced(ptr: usize, bytes: u32, state: u32): u32 {
  const end = ptr + bytes;
  for (const last = ptr + (bytes & ~15); ptr < last; ptr += 16) {
    const a = load<u32>(ptr) ^ state;
    const b = load<u32>(ptr, 4);
    const c = load<u32>(ptr, 8);
    const d = load<u32>(ptr, 12);
    state = load<u32>(TABLES + ((a & 255) << 2), 15 << 10) ^
      load<u32>(TABLES + ((a >>> 6) & 1020), 14 << 10) ^
      load<u32>(TABLES + ((a >>> 14) & 1020), 13 << 10) ^
      load<u32>(TABLES + ((a >>> 24) << 2), 12 << 10) ^
      load<u32>(TABLES + ((b & 255) << 2), 11 << 10) ^
      load<u32>(TABLES + ((b >>> 6) & 1020), 10 << 10) ^
      load<u32>(TABLES + ((b >>> 14) & 1020), 9 << 10) ^
      load<u32>(TABLES + ((b >>> 24) << 2), 8 << 10) ^
      load<u32>(TABLES + ((c & 255) << 2), 7 << 10) ^
      load<u32>(TABLES + ((c >>> 6) & 1020), 6 << 10) ^
      load<u32>(TABLES + ((c >>> 14) & 1020), 5 << 10) ^
      load<u32>(TABLES + ((c >>> 24) << 2), 4 << 10) ^
      load<u32>(TABLES + ((d & 255) << 2), 3 << 10) ^
      load<u32>(TABLES + ((d >>> 6) & 1020), 2 << 10) ^
      load<u32>(TABLES + ((d >>> 14) & 1020), 1 << 10) ^
      load<u32>(TABLES + ((d >>> 24) << 2));
  }
  // Records are checked over 60 bytes and index entries over 28: words first, so that few single bytes remain.
  for (const last = ptr + ((end - ptr) & ~3); ptr < last; ptr += 4) {
    const a = load<u32>(ptr) ^ state;
    state = load<u32>(TABLES + ((a & 255) << 2), 3 << 10) ^
      load<u32>(TABLES + ((a >>> 6) & 1020), 2 << 10) ^
      load<u32>(TABLES + ((a >>> 14) & 1020), 1 << 10) ^
      load<u32>(TABLES + ((a >>> 24) << 2));
  }
  for (; ptr < end; ptr++) state = (state >>> 8) ^ load<u32>(TABLES + (((state ^ load<u8>(ptr)) & 255) << 2));
  return state;
}
