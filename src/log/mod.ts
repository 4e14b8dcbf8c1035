/**
 * The log: what a partition is on the disk, and who may do what with it. Drivers import from here; `check/mod.ts` has
 * what verifies and repairs, which a program that streams never loads. Every byte is in `docs/format.md`.
 *
 * **Files.** A partition is a folder. Ids have 20 digits, so that names sort as ids do.
 *
 * | name                 | what it is                                                                                |
 * | -------------------- | ----------------------------------------------------------------------------------------- |
 * | `ID.log`             | the segment whose first event has this id: a header, frames, and finally a seal           |
 * | `ID.idx`             | its index, a hint: missing, old or wrong it costs time and never an event                 |
 * | `ID.needs-OLDER`     | a dependency marker: events of segment `ID` have data in segment `OLDER`, which stays     |
 * | `ID.first-TIME`      | a removal: `ID` is the first segment; the newest time removed before it is `TIME`         |
 * | `*.draft`            | a file before it gets its name; a leftover once it is an hour old                         |
 * | `PARTITION.pos`      | a consumer's position, in a folder of its own: slots of 64 bytes, the newest valid counts |
 *
 * **A frame** is a batch: a record, the table of sizes, metadata, data, and the record again. It exists when one of
 * the two records is whole and nothing that follows contradicts it. An event does not store its id: the id follows from
 * its position, and each frame repeats an id that its writer knew (`segment/entries.ts`, `segment/gap.ts`).
 *
 * **The life of a segment.**
 *
 * 1. *Published.* Written aside with its header and linked under its name, so that a name never shows half a header.
 *    Of two processes that make the same one, one succeeds and both go on with its file.
 * 2. *Open.* Any process appends, each frame in one write with `O_APPEND`; each then looks up where its frame landed.
 *    Nothing is ever overwritten or cut off. All readers skip what a killed writer left.
 * 3. *Sealed.* The process that finds it full appends a seal; frames after the first seal are discarded by all
 *    processes, and their writers write them again into the next segment. The seal's id is the next segment's name.
 * 4. *Removed.* From the front only, by publishing a `first` file; the segments before it are removed at that moment,
 *    and their files are deleted afterwards. A segment that a dependency marker names stays.
 *
 * A terminal seal ends a partition for good: its topic was deleted.
 *
 * **Who may do what.** Appending, reading, sealing, removing from the front and rebuilding an index may happen at the
 * same time in any number of processes. One process alone may repair, after `verifyPartition` said what is
 * wrong. A position file is written by the consumer that has its slot. The log reads no clock, no randomness and no
 * file system but through the `Storage` it was given.
 *
 * **The rooms** import one way, from the first to the last: `check/` verify, plan, repair · `write/` writer, appender,
 * durability · `read/` reader, batch, data · `positions/` cursor, confirm · `segment/` files, scanner, entries, index,
 * folder · `format/` bytes, record, frame body, and `core/`, the wasm binding.
 *
 * @module
 */
export { METADATA_BYTES_MAX } from "./format/bytes.ts";
export { crc32, crc32c } from "./format/core/core.ts";
export { Partition } from "./partition.ts";
export { confirmedId, positionAt } from "./positions/confirm.ts";
export { CursorFile } from "./positions/cursor.ts";
export type { OwnCursorFile } from "./positions/own_cursor_file.ts";
export type { CursorSteps } from "./positions/cursor_files.ts";
export type { FrameMark, Position, StoredPosition } from "./positions/position_slot.ts";
export type { StoredBatch } from "./read/batch.ts";
export { PartitionReader } from "./read/reader.ts";
export {
  lastWouldGo,
  type RetentionPolicy,
  type SegmentFacts,
  segmentFacts,
  segmentsToRemove,
  withLastSealed,
} from "./retention.ts";
export { AppendSignal } from "./segment/append_signal.ts";
export { removeBefore, removeLeftovers } from "./segment/removal.ts";
export { SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX } from "./write/appender.ts";
export { NOT_TRIED } from "./write/segment_names.ts";
export {
  endForGood,
  type FlushBehavior,
  PartitionWriter,
  sealLast,
  type WriterOptions,
} from "./write/writer.ts";
