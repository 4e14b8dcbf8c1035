import { inspectPositions, readPositions } from "./cursor.ts";
import type { Storage } from "../storage/port.ts";
import type { Finding } from "./finding.ts";

/** Checks the stored position of one consumer name in one partition; a file that is not there is fine. */
export function verifyPosition(storage: Storage, path: string, partition: number): Finding[] {
  const bytes = readPositions(storage, path);
  if (bytes === undefined) return [];
  const { position, damagedAt } = inspectPositions(bytes, path);
  const id = position?.nextId ?? 0;
  const outcome = position === undefined
    ? "and no other holds one"
    : `the position is ${id} by those that are whole`;
  return damagedAt.map((offset) => ({
    severity: position === undefined ? "damage" : "redundant",
    kind: "position",
    partition,
    firstId: id,
    endId: id,
    file: path,
    offset,
    reason: `a slot of the stored position is damaged, ${outcome}`,
  }));
}
