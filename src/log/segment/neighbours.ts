/**
 * Whether a segment file belongs to the log that it lies in. A segment's header names the one before it, by first id and
 * salt, so that a file of another topic is noticed even where partition and first id are the same: the segments beside it
 * were written with another one.
 *
 * @module
 */
import { StorageError } from "../../errors.ts";
import { isMissing, type Storage } from "../../storage/port.ts";
import { FLAG, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../format/bytes.ts";
import type { SealedSegment } from "../format/segment_header.ts";
import { step } from "./frame_scanner.ts";
import { isSameSegment, NO_SALT, readHeader, Segment, segmentName } from "./segment_file.ts";

/** A partition's folder and the first ids of its segments, ascending. */
export interface SegmentFolder {
  storage: Storage;
  directory: string;
  partition: number;
  ids: readonly number[];
}

/** What a header says, as far as it matters here. */
type Named = Pick<Segment, "baseId" | "salt"> & { previous: SealedSegment | undefined };

/**
 * Why a segment is not the one that the segments beside it were written with; undefined if it is, or nothing tells. All
 * that is known of it has to speak against it: of two that do not fit together, the one that fits its other neighbour is
 * right, and the one that fits neither is wrong. If the two are all there is, neither is believed.
 */
export function strangerAmong(folder: SegmentFolder, segment: Segment): string | undefined {
  const at = folder.ids.indexOf(segment.baseId);
  const named = (index: number) => at < 0 ? undefined : namedAt(folder, index);
  const link = (earlier: Named | undefined, later: Named | undefined) => linkOf(folder, earlier, later);
  const later = named(at + 1);
  const linkAfter = link(segment, later);
  if (linkAfter === "same") return undefined;
  const earlier = named(at - 1);
  const linkBefore = link(earlier, segment);
  if (linkBefore === "same" || (linkAfter === "unknown" && linkBefore === "unknown")) return undefined;
  const isNeighbourOdd = linkAfter === "unknown"
    ? link(named(at - 2), earlier) === "other"
    : linkBefore === "unknown" && link(later, named(at + 2)) === "other";
  return isNeighbourOdd
    ? undefined
    : "the segments beside it were written with another file of this name: it is of another topic; move it away, and " +
      "restore the one that was here";
}

/** Whether the first two segments were not written one after the other. */
export function isBrokenLink(folder: SegmentFolder): boolean {
  return linkOf(folder, namedAt(folder, 0), namedAt(folder, 1)) === "other";
}

/** Whether the later of two segments that lie beside each other followed this very file, or another one. */
function linkOf(
  folder: SegmentFolder,
  earlier: Named | undefined,
  later: Named | undefined,
): "same" | "other" | "unknown" {
  const previous = later?.previous;
  if (earlier === undefined || previous === undefined || previous.salt === 0) return "unknown";
  if (previous.baseId === earlier.baseId && previous.salt === earlier.salt) return "same";
  // A segment between the two may be missing.
  if (previous.baseId > earlier.baseId) return "unknown";
  return isReplacement(folder, earlier) || isReplacement(folder, later!) ? "unknown" : "other";
}

/**
 * Whether a repair made a segment in the place of one that was missing or unreadable: older versions gave it another salt
 * than the one that the next segment names.
 */
function isReplacement({ storage, directory, partition }: SegmentFolder, { baseId }: Named): boolean {
  let segment: Segment | undefined;
  try {
    segment = new Segment(storage, `${directory}/${segmentName(baseId)}`, { partition, baseId });
    const first = step(segment, SEGMENT_HEADER_BYTES, RECORD_BYTES);
    return first.kind === "frame" && (first.frame.flags & FLAG.lost) !== 0;
  } catch (error) {
    // It cannot be read, or was removed meanwhile: then it tells nothing.
    if (error instanceof StorageError) return true;
    throw error;
  } finally {
    segment?.close();
  }
}

/** What the header of a segment says, by its position in the folder; undefined if there is none, or it cannot be read. */
function namedAt(folder: SegmentFolder, index: number): Named | undefined {
  const baseId = folder.ids[index];
  try {
    return baseId === undefined ? undefined : readNamed(folder, baseId);
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

function readNamed({ storage, directory, partition }: SegmentFolder, baseId: number): Named | undefined {
  const header = readHeader(storage, `${directory}/${segmentName(baseId)}`);
  // One that was written for another place says nothing about this one.
  if (header === undefined || header.baseId !== baseId || header.partition !== partition) return undefined;
  return { baseId, salt: header.salt, previous: header.after };
}

/**
 * Whether the first segment is a ghost: its writer was stopped just before it gave the segment its name; meanwhile
 * others made and filled that segment, and retention removed it. A ghost is empty although another segment follows,
 * which is true of no other one, and it is not the segment that the next one's header names.
 */
export function isGhost(folder: SegmentFolder, baseId: number, nextId: number): boolean {
  const bytes = folder.storage.stat(`${folder.directory}/${segmentName(baseId)}`)?.bytes;
  if (bytes !== SEGMENT_HEADER_BYTES) return false;
  try {
    const previous = readNamed(folder, nextId)?.previous;
    const salt = readNamed(folder, baseId)?.salt ?? NO_SALT;
    return previous !== undefined && !isSameSegment(previous, { baseId, salt });
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
