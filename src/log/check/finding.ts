/** What is wrong, so far as it matters for a repair. */
export type FindingKind =
  /** A segment file is not there, though its neighbours are. */
  | "segment missing"
  /** A segment's header is damaged. */
  | "segment header"
  /** A segment's header belongs to another partition or another first id: the file was moved or renamed. */
  | "segment foreign"
  /** One of a frame's two records is damaged. */
  | "frame header"
  | "frame trailer"
  /** A frame's table, sums or metadata are damaged. */
  | "frame"
  /** A frame's events have other ids than its writer knew. */
  | "ids"
  /** Bytes that should be frames are none. */
  | "gap"
  /** A sealed segment ends before its last event. */
  | "missing end"
  /** An event's data part is damaged. */
  | "data"
  /** A piece of a large data part is damaged, whether an event refers to it or not. */
  | "chunk"
  /** The rest of a write that was cut short. */
  | "leftover"
  | "index"
  /** A segment holds data of events in a later one, and the note that keeps it is not there. */
  | "dependency marker"
  /** A consumer's stored position. */
  | "position"
  /** The file that holds a consumer's name. */
  | "consumer name"
  /** A file of another program, with events of its own. */
  | "foreign file";

/**
 * - `damage`: stored bytes that mattered are lost.
 * - `redundant`: bytes are wrong that stand elsewhere too, or can be made again; everything is readable.
 * - `torn`: what cut-short writes left, or left out; everything that was stored is there.
 * - `foreign`: another program's events, which no reader of this topic gets.
 */
export type Severity = "damage" | "redundant" | "torn" | "foreign";

/** One thing that `verify` found. */
export interface Finding {
  severity: Severity;
  kind: FindingKind;
  /** Partition number. */
  partition: number;
  /** First event concerned. */
  firstId: number;
  /** One past the last event concerned; equal to `firstId` where no event is. */
  endId: number;
  /** The file that is wrong. */
  file: string;
  /** Where in it. */
  offset: number;
  /** How many bytes are concerned, where that is known. */
  bytes?: number | undefined;
  /** What is wrong, e.g. `"data checksum differs"`. */
  reason: string;
  /** The frame concerned, where `offset` does not say: its segment, its first byte, its first event. */
  frame?: { segmentId: number; offset: number; firstId: number } | undefined;
  /** Of a dependency marker: first id of the segment to keep. */
  keptId?: number;
}
