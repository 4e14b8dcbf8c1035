import type { Storage } from "../../storage/port.ts";
import { CursorFiles } from "../positions/cursor_files.ts";
import type { Finding } from "./finding.ts";
import {
  inspectPositions,
  isAfter,
  POSITION_FILE_BYTES_MAX,
  type StoredPosition,
} from "../positions/position_slot.ts";

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
  const files = new CursorFiles(storage, path).paths(listed).flatMap((path) => {
    const bytes = storage.readWhole(path, POSITION_FILE_BYTES_MAX);
    return bytes === undefined ? [] : [{ path, ...inspectPositions(bytes, path) }];
  });
  let best: StoredPosition | undefined;
  for (const { position } of files) if (position !== undefined && isAfter(position, best)) best = position;
  const id = best?.nextId ?? 0;
  const outcome = best === undefined
    ? "and no other slot holds one"
    : `the position is ${id} by the intact slots`;
  return files.flatMap(({ path: file, damagedAt }) =>
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
}
