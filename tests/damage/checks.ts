import { SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import { planRepair, type RepairPlan } from "../../src/log/check/plan.ts";
import { clearPosition, repairPartition } from "../../src/log/check/repair.ts";
import type { Finding } from "../../src/log/check/finding.ts";
import { verifyPartition, verifyPosition } from "../../src/log/check/verify.ts";
import type { Storage } from "../../src/storage/port.ts";
import { entryAt, positionAfter } from "../../src/log/segment/entries.ts";
import { DIRECTORY, openSample, POSITION } from "./sample_partition.ts";
import type { LogPosition } from "../../src/log/segment/segment_file.ts";

/** Where a test keeps what a repair changes. */
export const KEPT = "/kept";

/** Every finding in the sample. */
export async function verifySample(storage: Storage): Promise<Finding[]> {
  const partition = openSample(storage);
  const findings = verifyPosition(storage, POSITION, 0);
  for await (const finding of verifyPartition(partition)) findings.push(finding);
  partition.close();
  return findings;
}

/** The same, without the remains of interrupted writes. */
export async function wrongIn(storage: Storage): Promise<Finding[]> {
  return (await verifySample(storage)).filter(({ severity }) => severity !== "torn");
}

/** Repairs the sample. */
export async function repairSample(storage: Storage): Promise<RepairPlan> {
  const plan = planRepair(await verifySample(storage));
  const partition = openSample(storage);
  await repairPartition(partition, plan.steps, keptPath);
  for (const { kind, file } of plan.steps) {
    if (kind === "clear position") clearPosition(storage, file, keptPath);
  }
  partition.close();
  return plan;
}

/** Where a file's original is kept. */
export function keptPath(file: string): string {
  return `${KEPT}/${file.slice(file.lastIndexOf("/") + 1)}`;
}

/** The segment of a partition that begins with this id. */
export function segmentPath(baseId: number): string {
  return `${DIRECTORY}/${String(baseId).padStart(20, "0")}.log`;
}

/** A frame of the sample, and where its parts are. */
export interface FrameAt {
  path: string;
  offset: number;
  endOffset: number;
  id: number;
  count: number;
  metadataAt: number;
  dataAt: number;
  dataBytes: number;
}

/** The first frame that a test can use. */
export function findFrame(
  storage: Storage,
  wanted: (frame: FrameAt & { kind: number; flags: number; extentCount: number }) => boolean,
): FrameAt {
  const partition = openSample(storage);
  const ids = partition.segmentIds();
  for (const [index, baseId] of ids.entries()) {
    const segment = partition.segment(baseId, ids[index + 1]);
    let position: LogPosition = { segment, offset: SEGMENT_HEADER_BYTES, id: baseId };
    for (;;) {
      const entry = entryAt(position, 4096);
      if (entry.kind === "tail" || entry.kind === "end") break;
      if (entry.kind === "frame") {
        const { frame, offset, endOffset, id } = entry;
        const { layout, count, dataBytes, kind, flags, extentCount } = frame;
        const [metadataAt, dataAt] = [offset + layout.metadata, offset + layout.data];
        const found = { path: segment.path, offset, endOffset, id, count, metadataAt, dataAt, dataBytes };
        if (wanted({ ...found, kind, flags, extentCount })) return found;
      }
      position = positionAfter(entry);
    }
  }
  throw new Error("The sample has no such frame");
}
