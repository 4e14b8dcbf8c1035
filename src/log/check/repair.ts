import { Buffer } from "node:buffer";
import { basename, dirname } from "node:path";
import { copyFile, SegmentRepair } from "./repair_segment.ts";
import type { Partition } from "../partition.ts";
import type { RepairStep } from "./plan.ts";
import {
  inspectPositions,
  POSITION_FILE_BYTES_MAX,
  POSITION_SLOT_BYTES,
} from "../positions/position_slot.ts";
import { baseIdOf, type Segment, startOf } from "../segment/segment_file.ts";
import { INDEX_INTERVAL_BYTES, indexPath, SegmentIndex } from "../segment/index.ts";
import { entriesFrom } from "../segment/entries.ts";
import { READ_AHEAD_BYTES } from "../segment/window.ts";
import { type Storage, writeAllAt } from "../../storage/port.ts";

/** Returns the path under which the original of a file is kept; its folder exists. */
type Keep = (file: string) => string;

/**
 * Carries out the steps of a plan that change one partition's log. Every file is copied before it is changed. Producers and
 * consumers may run meanwhile; consumers that have a repaired segment open see the repair once they open the topic
 * again.
 */
export async function repairPartition(
  partition: Partition,
  steps: readonly RepairStep[],
  keep: Keep,
): Promise<void> {
  const { storage, directory } = partition;
  // Those about positions and names are of other folders.
  const own = steps.filter(({ file }) => dirname(file) === directory);
  if (own.length === 0) return;
  const bySegment = new Map<string, RepairStep[]>();
  for (const step of own) {
    if (step.kind === "write dependency marker") continue;
    const path = step.file.replace(/\.idx$/, ".log");
    bySegment.set(path, [...bySegment.get(path) ?? [], step]);
  }
  for (const [path, segmentSteps] of bySegment) {
    const changesSegment = segmentSteps.some(({ kind }) => kind !== "rebuild index");
    if (changesSegment) await new SegmentRepair(partition, path).run(segmentSteps, keep(path));
    const index = indexPath({ path });
    if (storage.stat(index) !== undefined) copyFile(storage, index, keep(index));
    rebuildIndex(partition.segmentFor(baseIdOf(basename(path))!)!);
  }
  for (const { kind, file, keptId } of own) {
    if (kind === "write dependency marker") partition.keepForSegment(baseIdOf(basename(file))!, keptId!);
  }
  storage.syncDirectory(directory);
}

/** Blanks the damaged slots of a stored position, in place: its consumers may have the file open. */
export function clearPosition(storage: Storage, path: string, keep: Keep): void {
  copyFile(storage, path, keep(path));
  const file = storage.open(path, "update");
  try {
    const { damagedAt } = inspectPositions(storage.readWhole(path, POSITION_FILE_BYTES_MAX)!, path);
    for (const offset of damagedAt) writeAllAt(file, new Uint8Array(POSITION_SLOT_BYTES), offset);
    file.syncNow();
  } finally {
    file.close();
  }
}

/** Builds a segment's index from the log, and replaces the existing one. */
export function rebuildIndex(segment: Segment): void {
  const index = new SegmentIndex(segment, INDEX_INTERVAL_BYTES);
  const entries: Uint8Array[] = [];
  let newestTime = segment.created;
  for (const entry of entriesFrom(startOf(segment), READ_AHEAD_BYTES)) {
    if (entry.kind !== "frame") continue;
    newestTime = Math.max(newestTime, entry.frame.time);
    const indexEntry = index.entryOf(entry, newestTime);
    if (indexEntry !== undefined) entries.push(indexEntry);
  }
  const path = indexPath(segment);
  if (entries.length === 0 && segment.storage.stat(path) === undefined) return;
  segment.storage.replace(path, Buffer.concat(entries));
}
