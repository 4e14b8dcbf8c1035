import { INDEX_ENTRY_BYTES } from "../format/bytes.ts";
import { encodeIndexEntry } from "../format/index_entry.ts";
import { READ_AHEAD_BYTES } from "./window.ts";
import type { Segment } from "./segment_file.ts";
import { INDEX_INTERVAL_BYTES, indexPath } from "./index.ts";
import type { Storage } from "../../storage/port.ts";
import { entriesFrom } from "./entries.ts";
import { startOf } from "./log_position.ts";

/** Builds a segment's index from the log, and replaces the existing one. */
export function rebuildIndex(storage: Storage, segment: Segment): void {
  const entries: Uint8Array[] = [];
  let newestTime = segment.created;
  let indexed = 0;
  for (const entry of entriesFrom(startOf(segment), READ_AHEAD_BYTES)) {
    if (entry.kind !== "frame") continue;
    const { offset, id, frame } = entry;
    newestTime = Math.max(newestTime, frame.time);
    // A frame known by its trailer alone has no header for the entry to point at.
    if (entry.damaged === "header" || offset - indexed < INDEX_INTERVAL_BYTES) continue;
    indexed = offset;
    const { recordCrc } = frame;
    entries.push(encodeIndexEntry({ id, time: newestTime, offset, recordCrc, salt: segment.salt }));
  }
  const path = indexPath(segment);
  if (entries.length === 0 && storage.stat(path) === undefined) return;
  const bytes = new Uint8Array(entries.length * INDEX_ENTRY_BYTES);
  entries.forEach((entry, index) => bytes.set(entry, index * INDEX_ENTRY_BYTES));
  storage.replace(path, bytes);
}
