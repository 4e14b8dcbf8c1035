/**
 * What the C++ files driver leaves in a topic that was made here: it takes any folder with `partitions` for a topic
 * of its own, and keeps its events in files beside ours. Neither of the two sees the other's events.
 *
 * @module
 */
import type { ForeignContent } from "../../errors.ts";
import { isMissing, type Storage } from "../../storage/port.ts";
import { isPartitionName } from "./layout.ts";

/** It makes the three of them, empty, as soon as it opens a topic. */
const INDEX_FILE = "index";
const OTHER_FILES = ["metadata", "data"];
const INDEX_ENTRY_BYTES = 32;

/**
 * A folder where the C++ driver wants its first file (of the first partition), so that it cannot open the topic:
 * `Failed to open data file at …/partitions/00000000/data: Is a directory`.
 */
export const CPP_GUARD_FOLDER = "data";

/** What there is of the C++ driver in a topic; undefined when it has stored nothing there, or the topic is gone. */
export function foreignContent(storage: Storage, path: string): ForeignContent | undefined {
  const files: string[] = [];
  let events = 0;
  for (const name of partitionsIn(storage, path)) {
    const directory = `${path}/partitions/${name}`;
    const index = storage.stat(`${directory}/${INDEX_FILE}`);
    if (index?.kind !== "file") continue;
    events += Math.floor(index.bytes / INDEX_ENTRY_BYTES);
    for (const file of [INDEX_FILE, ...OTHER_FILES]) {
      const stat = storage.stat(`${directory}/${file}`);
      if (stat?.kind === "file" && stat.bytes > 0) files.push(`${directory}/${file}`);
    }
  }
  return files.length === 0 ? undefined : { files, events };
}

/** Another process may delete the topic meanwhile. */
function partitionsIn(storage: Storage, path: string): string[] {
  try {
    return storage.list(`${path}/partitions`).filter(isPartitionName).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
