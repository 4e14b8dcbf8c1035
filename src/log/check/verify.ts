import { type Finding, unreadable } from "./finding.ts";
import type { Partition } from "../partition.ts";
import { Pace, type PaceOptions } from "./pace.ts";
import { SegmentCheck } from "./verify_segment.ts";
import type { DamagedChunks } from "./verify_data.ts";
import { isMissing, type Storage } from "../../storage/port.ts";
import { CursorFiles } from "../positions/cursor_files.ts";
import {
  inspectPositions,
  isAfter,
  POSITION_FILE_BYTES_MAX,
  type StoredPosition,
} from "../positions/position_slot.ts";

/**
 * Reads every byte of a partition against its checksums and gives whatever is wrong, in the order of ids. It
 * may run while others write and remove. Memory does not grow with the log, only with the damage.
 *
 * @example
 * ```ts ignore
 * for await (const finding of verifyPartition(partition, { signal })) {
 *   console.log(finding.severity, finding.firstId, finding.file, finding.offset, finding.reason);
 * }
 * ```
 */
export async function* verifyPartition(
  partition: Partition,
  options: PaceOptions = {},
): AsyncGenerator<Finding> {
  const pace = new Pace(options);
  const chunks: DamagedChunks = new Map();
  options.signal?.throwIfAborted();
  const { partition: number } = partition;
  const [first] = partition.segmentIds();
  if (first === undefined) return;
  for (let [next, expected] = [first, first];;) {
    if (next > expected) yield missingSegment(partition, expected, next);
    const { before, baseId: following } = partition.segmentFrom(next + 1);
    expected = following ?? Infinity;
    // Otherwise it was removed since it was listed: its file may still be there, and the next one need not follow it.
    if (before === next) {
      try {
        const check = new SegmentCheck(partition, partition.segment(next, following), chunks, pace);
        yield* check.findings();
        // The segment itself says which id comes next; where the next file begins later, one is missing.
        expected = check.endId;
        if (following !== undefined) yield* brokenLink(partition, next, following);
      } catch (error) {
        // Removed by retention meanwhile: nothing is wrong with what no one wants any more.
        const isGone = isMissing(error) && !partition.segmentIds().includes(next);
        if (!isGone) yield unreadable(error, partition.pathOf(next), number, next);
      }
    }
    if (following === undefined) return;
    next = following;
  }
}

/** Two segments that were not written one after the other, where neither of them is known to be the wrong one. */
function* brokenLink(partition: Partition, earlierId: number, laterId: number): Generator<Finding> {
  if (!partition.isBroken(earlierId, laterId)) return;
  const reason =
    "the segment before it is not the one that it was written after: one of the two is of another " +
    "topic, or of a copy of this one; restore the partition from one backup";
  const ids = { partition: partition.partition, firstId: laterId, endId: laterId };
  const file = partition.pathOf(laterId);
  yield { severity: "damage", kind: "segment order", ...ids, file, offset: 0, reason };
}

function missingSegment(folder: Partition, firstId: number, endId: number): Finding {
  const { partition } = folder;
  const file = folder.pathOf(firstId);
  const reason = "the segment is missing";
  return { severity: "damage", kind: "segment missing", partition, firstId, endId, file, offset: 0, reason };
}

/**
 * Checks the stored position of one consumer name in one partition, in all of its files; `path` is that of the first.
 * Files that are not there are fine. `listed` are the names in the folder that may be those of its files, if the caller
 * has listed it.
 */
export function verifyPosition(
  storage: Storage,
  path: string,
  partition: number,
  listed?: readonly string[],
): Finding[] {
  const unread: Finding[] = [];
  const files = new CursorFiles(storage, path).paths(listed).flatMap((path) => {
    try {
      const bytes = storage.readWhole(path, POSITION_FILE_BYTES_MAX);
      return bytes === undefined ? [] : [{ path, ...inspectPositions(bytes, path) }];
    } catch (error) {
      unread.push(unreadable(error, path, partition));
      return [];
    }
  });
  let best: StoredPosition | undefined;
  for (const { position } of files) if (position !== undefined && isAfter(position, best)) best = position;
  const id = best?.nextId ?? 0;
  const outcome = best === undefined
    ? "and no other slot holds one"
    : `the position is ${id} by the intact slots`;
  const damaged = files.flatMap(({ path: file, damagedAt }) =>
    damagedAt.map((offset): Finding => ({
      severity: best === undefined ? "damage" : "redundant",
      kind: "position",
      partition,
      firstId: id,
      endId: id,
      file,
      offset,
      reason: `a slot of the stored position is damaged, ${outcome}`,
    }))
  );
  return [...damaged, ...unread];
}
