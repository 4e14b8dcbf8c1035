import { core } from "../format/core/core.ts";
import { INDEX_ENTRY_BYTES, SEGMENT_HEADER_BYTES } from "../format/bytes.ts";
import { READ_AHEAD_BYTES } from "./window.ts";
import type { Segment } from "./segment_file.ts";
import { INDEX_INTERVAL_BYTES, indexPath } from "./index.ts";
import type { Storage } from "../../storage/port.ts";
import { passAt, type Place, placeAfter } from "./entries.ts";

/** Makes a segment's index anew from the log, and replaces the one that is there. */
export function rebuildIndex(storage: Storage, segment: Segment): void {
  const entries: Uint8Array[] = [];
  let place: Place = { segment, offset: SEGMENT_HEADER_BYTES, id: segment.baseId };
  let newestTime = segment.created;
  for (let indexed = 0;;) {
    const passed = passAt(place, READ_AHEAD_BYTES);
    if (passed.kind === "tail" || passed.kind === "end" || passed.endOffset === passed.offset) break;
    if (passed.kind === "frame") newestTime = Math.max(newestTime, passed.frame.time);
    // A frame known by its trailer alone has no header for the entry to point at.
    if (
      passed.kind === "frame" && passed.damaged !== "header" &&
      passed.offset - indexed >= INDEX_INTERVAL_BYTES
    ) {
      indexed = passed.offset;
      const { offset, id, frame } = passed;
      core.encodeIndexEntry(core.slot, id, newestTime, offset, frame.recordCrc, segment.salt);
      entries.push(core.u8.slice(core.slot, core.slot + INDEX_ENTRY_BYTES));
    }
    place = placeAfter(segment, passed);
  }
  const path = indexPath(segment);
  if (entries.length === 0 && storage.stat(path) === undefined) return;
  const bytes = new Uint8Array(entries.length * INDEX_ENTRY_BYTES);
  entries.forEach((entry, index) => bytes.set(entry, index * INDEX_ENTRY_BYTES));
  storage.replace(path, bytes);
}
