// CRC-32 (IEEE) by table, sixteen bytes per step ("slicing-by-16"). All functions here take and return the
// raw state, i.e. the CRC before its final inversion.

const POLYNOMIAL: u32 = 0xedb88320;

/** Sixteen tables of 256 words: table k says what a byte becomes k bytes further on. */
const TABLES: usize = memory.data(16 * 1024, 16);

fillTables(TABLES, 16 * 1024, POLYNOMIAL);

/** The state after `bytes` bytes at `ptr`. */
export function updateSliced(ptr: usize, bytes: u32, state: u32): u32 {
  const end = ptr + bytes;
  for (const last = ptr + (bytes & ~15); ptr < last; ptr += 16) {
    // What does not depend on the state comes first: only four look-ups are on the critical path between steps.
    state = (to4(load<u32>(ptr, 12)) ^ to8(load<u32>(ptr, 8)) ^ to12(load<u32>(ptr, 4))) ^
      to16(load<u32>(ptr) ^ state);
  }
  // Records are checked over 60 bytes and index entries over 28: words first, so that few single bytes remain.
  for (const last = ptr + ((end - ptr) & ~3); ptr < last; ptr += 4) state = to4(load<u32>(ptr) ^ state);
  for (; ptr < end; ptr++) state = (state >>> 8) ^ load<u32>(((state ^ load<u8>(ptr)) & 255) << 2, TABLES);
  return state;
}

/** What the four bytes of a word become 4 bytes from its start. */
function to4(word: u32): u32 {
  return (load<u32>((word & 255) << 2, TABLES + (3 << 10)) ^
    load<u32>((word >>> 6) & 1020, TABLES + (2 << 10))) ^
    (load<u32>((word >>> 14) & 1020, TABLES + (1 << 10)) ^ load<u32>((word >>> 24) << 2, TABLES));
}

/** The same 8 bytes from its start. */
function to8(word: u32): u32 {
  return (load<u32>((word & 255) << 2, TABLES + (7 << 10)) ^
    load<u32>((word >>> 6) & 1020, TABLES + (6 << 10))) ^
    (load<u32>((word >>> 14) & 1020, TABLES + (5 << 10)) ^ load<u32>((word >>> 24) << 2, TABLES + (4 << 10)));
}

/** The same 12 bytes from its start. */
function to12(word: u32): u32 {
  return (load<u32>((word & 255) << 2, TABLES + (11 << 10)) ^
    load<u32>((word >>> 6) & 1020, TABLES + (10 << 10))) ^
    (load<u32>((word >>> 14) & 1020, TABLES + (9 << 10)) ^ load<u32>((word >>> 24) << 2, TABLES + (8 << 10)));
}

/** The same 16 bytes from its start. */
function to16(word: u32): u32 {
  return (load<u32>((word & 255) << 2, TABLES + (15 << 10)) ^
    load<u32>((word >>> 6) & 1020, TABLES + (14 << 10))) ^
    (load<u32>((word >>> 14) & 1020, TABLES + (13 << 10)) ^
      load<u32>((word >>> 24) << 2, TABLES + (12 << 10)));
}

/** Fills tables of 256 words each for a reflected CRC: table k says what a byte becomes k bytes further on. */
export function fillTables(tables: usize, bytes: u32, polynomial: u32): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let state = byte;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (polynomial & (0 - (state & 1)));
    store<u32>(tables + (byte << 2), state);
  }
  for (let at: u32 = 1024; at < bytes; at += 4) {
    const before = load<u32>(tables + at - 1024);
    store<u32>(tables + at, (before >>> 8) ^ load<u32>(tables + ((before & 255) << 2)));
  }
}
