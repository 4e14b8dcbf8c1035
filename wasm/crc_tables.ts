/**
 * Fills tables of 256 words each for a reflected CRC: table k says what a byte becomes k bytes further on.
 *
 * @module
 */
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
