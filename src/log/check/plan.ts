/**
 * Plans a repair from what `verify` found. Decisions only: nothing here touches a file.
 *
 * No step moves an intact byte, so no id, offset, index entry or stored position changes its meaning. Lost events are
 * overwritten, in a copy of their segment, by tombstones that keep their ids.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Finding, FindingKind } from "./finding.ts";
import { segmentName } from "../segment/segment_file.ts";

/** What one step does. */
type RepairKind =
  /** Makes a segment in which all events are marked as lost. */
  | "make segment"
  /** Writes the segment header again, from what the frames repeat of it. */
  | "write header"
  /** Writes a frame's header and trailer again, from the one that is whole. */
  | "restore records"
  /** Overwrites bytes by tombstones, which mark events as lost. */
  | "give up events"
  /** Marks events as having lost their data part; their metadata stays. */
  | "give up data"
  /** Appends tombstones at the end of a segment, for events that are not in the file any more. */
  | "give up end"
  | "rebuild index"
  | "write dependency marker"
  /** Blanks what is damaged of a stored position. */
  | "clear position"
  | "write consumer name";

/** One step: `file` is the one that changes, and `offset` where in it; for a frame, its first byte. */
export interface RepairStep extends Omit<Finding, "severity" | "kind" | "frame"> {
  kind: RepairKind;
  /** Id of the first event of the frame at `offset`, where that is not `firstId`. */
  frameId?: number;
}

/** Everything that a repair does, in the order of partitions and ids, and what it cannot repair. */
export interface RepairPlan {
  steps: RepairStep[];
  unrepairable: Finding[];
}

const KINDS: Partial<Record<FindingKind, RepairKind>> = {
  "segment missing": "make segment",
  "frame header": "restore records",
  "frame trailer": "restore records",
  "frame": "give up events",
  "gap": "give up events",
  "missing end": "give up end",
  "data": "give up data",
  "chunk": "give up events",
  "index": "rebuild index",
  "dependency marker": "write dependency marker",
  "position": "clear position",
  "consumer name": "write consumer name",
};

/** Steps that write a frame's records anyway. */
const WRITES_RECORDS: readonly RepairKind[] = ["give up events", "give up data"];

/** Torn, but worth fixing. */
const FIXED_ANYWAY: readonly FindingKind[] = ["index", "dependency marker"];

/** What to do about these findings. */
export function planRepair(findings: Iterable<Finding>): RepairPlan {
  const plan: RepairPlan = { steps: [], unrepairable: [] };
  const done = new Set<string>();
  for (const finding of findings) {
    if (finding.severity === "torn" && !FIXED_ANYWAY.includes(finding.kind)) continue;
    const step = stepFor(finding);
    if (step === undefined) {
      plan.unrepairable.push(finding);
      continue;
    }
    // An index is rebuilt once, however many entries are wrong; events of one frame are marked run by run.
    const key = `${step.kind} ${step.file} ${
      step.kind === "rebuild index" ? "" : step.offset
    } ${step.firstId}`;
    if (!done.has(key)) plan.steps.push(step);
    done.add(key);
  }
  const written = new Set(plan.steps.filter(({ kind }) => WRITES_RECORDS.includes(kind)).map(targetOf));
  plan.steps = plan.steps.filter((step) => step.kind !== "restore records" || !written.has(targetOf(step)));
  return plan;
}

function stepFor(finding: Finding): RepairStep | undefined {
  const { severity, kind: found, frame, ...where } = finding;
  const kind = found === "segment header"
    ? severity === "redundant" ? "write header" : "make segment"
    : KINDS[found];
  // Only a person who knows the name can write it again if it is stored nowhere else.
  const isForgotten = kind === "write consumer name" && severity === "damage";
  if (kind === undefined || isForgotten) return undefined;
  if (frame === undefined) return { kind, ...where };
  // The damage may be in another segment than the frame of the affected event.
  const { segmentId, firstId: frameId } = frame;
  return {
    kind,
    ...where,
    file: `${dirname(where.file)}/${segmentName(segmentId)}`,
    offset: frame.offset,
    frameId,
  };
}

function targetOf({ file, offset }: RepairStep): string {
  return `${file}:${offset}`;
}
