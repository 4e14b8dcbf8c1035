import { core } from "./core/core.ts";
import { INDEX, INDEX_ENTRY_BYTES } from "./bytes.ts";
import { readTime, readUint64, writeUint64 } from "./frame_header.ts";

/** What an index entry says of a frame. */
export interface IndexEntry {
  id: number;
  /** The newest time in the segment up to the frame, milliseconds since 1970. */
  time: number;
  offset: number;
  recordCrc: number;
}

/** `salt` is that of the segment: the core tells by it whose entry it is. */
export function encodeIndexEntry(
  { id, time, offset, recordCrc, salt }: IndexEntry & { salt: number },
): Uint8Array {
  const bytes = new Uint8Array(INDEX_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  writeUint64(view, INDEX.id, id);
  writeUint64(view, INDEX.time, time);
  view.setUint32(INDEX.offset, offset, true);
  view.setUint32(INDEX.recordCrc, recordCrc, true);
  view.setUint32(INDEX.salt, salt, true);
  view.setUint32(INDEX.crc, core.crc32(bytes.subarray(0, INDEX.crc)), true);
  return bytes;
}

/** Reads an entry that the core has found intact. */
export function decodeIndexEntry(view: DataView, at: number): IndexEntry {
  return {
    id: readUint64(view, at + INDEX.id),
    time: readTime(view, at + INDEX.time),
    offset: view.getUint32(at + INDEX.offset, true),
    recordCrc: view.getUint32(at + INDEX.recordCrc, true),
  };
}
