import { type Damage, StorageError, UnsupportedFormatError } from "../../errors.ts";

/** What is wrong, as far as a repair needs to know. */
export type FindingKind =
  /** A document of the topic: its options, or one of its components. */
  | "document"
  /** The folder of a partition is missing. */
  | "partition missing"
  /** A segment file is missing between others. */
  | "segment missing"
  /** A segment's header is damaged. */
  | "segment header"
  /** The file is another segment's: of another partition, first id or topic. */
  | "segment foreign"
  /** Two segments do not follow each other, and nothing tells which of them is another topic's. */
  | "segment order"
  /** One of a frame's two records is damaged. */
  | "frame header"
  | "frame trailer"
  /** A frame's table, sums or metadata is damaged. */
  | "frame"
  /** A frame's events do not have the ids that its writer knew. */
  | "ids"
  /** Bytes that should be frames are not. */
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
  /** A segment holds data of events in a later one, and the marker that keeps it is missing. */
  | "dependency marker"
  /** A consumer's stored position. */
  | "position"
  /** The file that holds a consumer's name. */
  | "consumer name"
  /** A file of another program, with events of its own. */
  | "foreign file"
  /** A file or folder that cannot be read now, for example without the permission to do so. */
  | "unreadable";

/**
 * - `damage`: stored bytes that mattered are lost.
 * - `redundant`: the wrong bytes are stored elsewhere too, or can be computed again; everything is readable.
 * - `torn`: remains of writes that were cut short; everything that was stored is readable.
 * - `foreign`: another program's events, which no reader of this topic returns.
 * - `unreadable`: nothing is known of it, because the system, or the format's version, does not let it be read.
 */
export type Severity = "damage" | "redundant" | "torn" | "foreign" | "unreadable";

/** One thing that `verify` found. */
export interface Finding extends Omit<Damage, "topic"> {
  severity: Severity;
  kind: FindingKind;
  /** How many bytes are affected, if that is known. */
  bytes?: number | undefined;
  /** The frame affected, if `offset` does not say: its segment, its first byte, its first event. */
  frame?: { segmentId: number; offset: number; firstId: number } | undefined;
  /** Of a dependency marker: first id of the segment to keep. */
  keptId?: number;
}

/** The finding about a file as a whole, which affects no event. */
export function aboutFile(
  found: Pick<Finding, "severity" | "kind" | "file" | "reason"> & { partition?: number },
): Finding {
  return { partition: 0, firstId: 0, endId: 0, offset: 0, ...found };
}

/** Whether an error says that a file cannot be read, and nothing of its content. */
export function saysUnreadable(error: unknown): error is StorageError | UnsupportedFormatError {
  return error instanceof StorageError || error instanceof UnsupportedFormatError;
}

/**
 * The finding for a file that cannot be read, so that the others are checked all the same; throws an error that says
 * anything else.
 */
export function unreadable(error: unknown, file: string, partition = 0, firstId = 0): Finding {
  if (!saysUnreadable(error)) throw error;
  const { message: reason } = error;
  const severity = "unreadable";
  return { severity, kind: severity, partition, firstId, endId: firstId, file, offset: 0, reason };
}
