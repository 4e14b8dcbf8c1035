/**
 * The log core: all of the log that touches each byte, as one small WebAssembly module without imports. This
 * page lists what it exports; src/log/format/core/core.ts is the typed way to call it, wasm/format.ts has the byte tables.
 *
 * ```text
 * crc32               CRC-32 (IEEE) of a range, going on from a seed
 * crc32Sliced         the same by tables alone, to measure against
 *
 * encodeSegmentHeader writes 64 bytes
 * checkSegmentHeader  0 can be read, 1 no segment, 2 damaged, 3 of a newer version
 *
 * sealFrame           the checksums and the trailer of a frame whose parts are in place; the frame's bytes
 * checkRecord         is an intact header or trailer record of that salt here?
 * checkRecordOfAny-   … of any salt?
 *   Segment
 * sameFrame           do two records speak of one frame?
 * findRecord          offset of the next intact record, or -1
 * findRecordOfAny-    … of any salt
 *   Segment
 * checkHead           has the head the CRC that its header record states?
 * hasControls         is there a character that no JSON text has?
 *
 * encodeIndexEntry    writes 32 bytes
 * checkIndexEntry     is an intact entry of that salt here?
 * lookupById          the last entry that is not above an id, or -1
 * lookupByTime        the last entry before a time is reached, or -1
 *
 * memory, staticEnd   the memory, and the first address in it that is the caller's
 * ```
 *
 * Memory from `staticEnd()` on belongs to the caller: nothing here allocates, grows it or keeps a pointer. Below
 * lie the CRC tables and scratch space. Pointers need no alignment. Ids and times are f64 that hold whole
 * numbers from 0 to 2^53 - 1. No content of memory makes a call trap, or run longer than its length accounts
 * for; pointers and lengths that leave the memory do trap.
 *
 * @module
 */

export { crc32, crc32Sliced } from "./crc";
export { checkHead, sealFrame } from "./frame";
export { checkIndexEntry, encodeIndexEntry, lookupById, lookupByTime } from "./index_entries";
export {
  checkRecord,
  checkRecordOfAnySegment,
  findRecord,
  findRecordOfAnySegment,
  sameFrame,
} from "./record";
export { checkSegmentHeader, encodeSegmentHeader } from "./segment";
export { hasControls } from "./text";

/** The first address that the module does not use itself. */
export function staticEnd(): usize {
  return __heap_base;
}
