/**
 * The log core: everything in the log that touches each byte, as one small WebAssembly module without
 * imports. This page lists its exports; src/log/format/core/core.ts is the typed interface, wasm/format.ts
 * has the byte tables.
 *
 * ```text
 * crc32               CRC-32 (IEEE) of a range, continuing from a seed
 * crc32c              CRC-32C of a range, which it overwrites, continuing from a seed
 *
 * sealFrame           writes the checksums and trailer of a frame whose other parts are in place
 * checkRecord         whether an intact header or trailer record of that salt is here
 * sameFrame           whether two records are of one frame
 * findRecord          offset of the first intact record of that salt, or of any, or -1
 * hasControls         whether there is a character that no JSON text has
 *
 * checkIndexEntry     whether an intact entry of that salt is here
 * lookupById          the last entry not above an id, or -1
 * lookupByTime        the last entry before a time is reached, or -1
 *
 * memory, staticEnd   the memory, and the first address in it that belongs to the caller
 * ```
 *
 * Memory from `staticEnd()` on belongs to the caller: nothing here allocates, grows it or keeps a pointer.
 * Below are the CRC tables and scratch space. Pointers need no alignment. Ids and times are f64 with whole
 * numbers from 0 to 2^53 - 1. No content of memory makes a call trap, or run longer than its length
 * justifies; pointers and lengths outside the memory do trap.
 *
 * @module
 */

export { crc32 } from "./crc";
export { crc32c } from "./crc32c";
export { checkIndexEntry, lookupById, lookupByTime } from "./index_entries";
export { checkRecord, findRecord, sameFrame, sealFrame } from "./record";
export { hasControls } from "./text";

/** The first address that the module does not use itself. */
export function staticEnd(): usize {
  return __heap_base;
}
