/**
 * The log core: everything of the log that touches each byte, as one small WebAssembly module without
 * imports. This page lists all it exports; src/log/core.ts is the typed way to call it.
 *
 * Memory belongs to the caller: from `staticEnd()` on it is free, and nothing here allocates, grows it or
 * keeps a pointer. What is below holds the CRC tables and scratch space. Pointers need no alignment. Ids and
 * times are f64 that hold whole numbers of 0 to 2^53 - 1. No content of memory makes a call trap or run
 * longer than its length accounts for; pointers and lengths that leave the memory do trap.
 *
 * @module
 */

export { crc32, crc32Sliced } from "./crc";
export { checkBlocks, checkHead, encodeFrame } from "./frame";
export { checkIndexEntry, encodeIndexEntry, lookupById, lookupByTime } from "./index_entries";
export {
  checkRecord,
  checkRecordOfAnySegment,
  findRecord,
  findRecordOfAnySegment,
  sameFrame,
} from "./record";
export { checkSegmentHeader, encodeSegmentHeader } from "./segment";
export { tableOffsets } from "./table";
export { isAscii } from "./text";

/** The first address that the module does not use itself. */
export function staticEnd(): usize {
  return __heap_base;
}
