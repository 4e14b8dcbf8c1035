/**
 * What the C++ files driver leaves in a topic of ours: it considers any folder with `partitions` a topic, and
 * stores its events in files next to ours. Neither program sees the other's events.
 *
 * @module
 */
import type { ForeignContent } from "../../errors.ts";
import type { Storage } from "../../storage/port.ts";
import { ownPartitions } from "./layout.ts";

/** It creates its three files, empty, as soon as it opens a topic. */
const INDEX_FILE = "index";
const OTHER_FILES = ["metadata", "data"];
const INDEX_ENTRY_BYTES = 32;

/**
 * A folder under the name of the C++ driver's first file (of the first partition), which prevents it from opening
 * the topic: `Failed to open data file at …/partitions/00000000/data: Is a directory`.
 */
export const CPP_GUARD_FOLDER = "data";

/**
 * The C++ driver's content in a topic; undefined if it has stored nothing there, or the topic no longer exists. `listed`
 * are the names of its partitions, if the caller has listed them.
 */
export function foreignContent(
  storage: Storage,
  path: string,
  listed?: readonly string[],
): ForeignContent | undefined {
  const files: string[] = [];
  let events = 0;
  for (const name of ownPartitions(storage, path, listed).sort()) {
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
