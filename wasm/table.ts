/**
 * The table of a frame: one size, or two, an event.
 *
 * @module
 */

/**
 * Writes where each event's metadata and data start inside their regions, as `count` + 1 numbers of 4 bytes
 * each. `separatorBytes` stand between two metadata, so event i's metadata ends at `metadata[i + 1] -
 * separatorBytes`. Returns 1 when the table's sizes add up to `metadataBytes` and `dataBytes`, else 0, and
 * then what was written means nothing.
 */
export function tableOffsets(
  table: usize,
  count: u32,
  hasData: bool,
  separatorBytes: u32,
  metadataBytes: u32,
  dataBytes: f64,
  outMetadata: usize,
  outData: usize,
): bool {
  let metadata: u64 = 0;
  let data: u64 = 0;
  const end = outMetadata + (<usize> count << 2);
  for (; outMetadata < end; outMetadata += 4, outData += 4) {
    store<u32>(outMetadata, <u32> metadata);
    store<u32>(outData, <u32> data);
    metadata += <u64> load<u32>(table) + separatorBytes;
    table += 4;
    if (hasData) {
      data += <u64> load<u32>(table);
      table += 4;
    }
  }
  store<u32>(outMetadata, <u32> metadata);
  store<u32>(outData, <u32> data);
  const expected = <u64> metadataBytes + (count != 0 ? separatorBytes : 0);
  // The offsets are 4 bytes wide: a sum beyond them may agree and yet have wrapped on the way.
  return metadata == expected && <f64> data == dataBytes && ((metadata | data) >> 32) == 0;
}
