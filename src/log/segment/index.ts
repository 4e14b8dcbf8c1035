import { core, type IndexEntries } from "../format/core/core.ts";
import type { Storage, StorageFile } from "../../storage/port.ts";
import { INDEX_ENTRY_BYTES, OFFSETS_END, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../format/bytes.ts";
import { decodeRecord } from "../format/frame_header.ts";
import { decodeIndexEntry, encodeIndexEntry } from "../format/index_entry.ts";
import type { FrameStep } from "./frame_scanner.ts";
import { readWindow } from "./window.ts";
import type { LogPosition, Segment } from "./segment_file.ts";

export interface IndexedPosition extends LogPosition {
  /** The newest time in the segment up to there, in milliseconds since 1970: of the frame there, or one before it. */
  time: number;
}

/** A frame, and the id of its first event. */
type IndexedFrame = Pick<FrameStep, "offset" | "frame" | "damaged"> & { id: number };

/** A frame gets an index entry when this many bytes lie between it and the last one that got one. */
export const INDEX_INTERVAL_BYTES = 512 * 1024;

/**
 * Far larger than an index becomes: of a larger file only the beginning is read, because a damaged file must not take
 * unlimited memory.
 */
export const INDEX_BYTES_MAX: number = 8 << 20;

/** The path of the index beside a segment. */
export function indexPath({ path }: Pick<Segment, "path">): string {
  return path.replace(/\.log$/, ".idx");
}

/**
 * The sparse index beside a segment: an entry per interval of bytes, appended by writers, in any order, and
 * sometimes twice. It is a hint. An entry is believed when its checksum is right and the frame that it describes is at
 * its offset; without a usable entry the search begins at the start of the segment.
 */
export class SegmentIndex {
  /** The file that entries are added to, while it is open. */
  #file: StorageFile | undefined;
  /** Bytes after the last whole entry. */
  #excess = 0;
  /** Offset of the last entry, as far as this one found or added it. */
  #indexed = 0;

  /** A segment smaller than `intervalBytes` has no entries: looking for the file would take longer than reading the log. */
  constructor(private readonly segment: Segment, private readonly intervalBytes = 0) {}

  /** The last indexed position whose id is not above `id`. */
  positionForId(id: number): IndexedPosition {
    return this.#position((entries) => core.lookupById(entries, id));
  }

  /** The last indexed position before the first entry up to which that time (milliseconds since 1970) was reached. */
  positionForTime(time: number): IndexedPosition {
    return this.#position((entries) => core.lookupByTime(entries, time));
  }

  /** The ids of those offsets that have an entry the log confirms. */
  *confirmedIds(isWanted: (offset: number) => boolean): Generator<{ offset: number; id: number }> {
    const bytes = this.#read() ?? new Uint8Array(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + INDEX_ENTRY_BYTES <= bytes.byteLength; at += INDEX_ENTRY_BYTES) {
      const { offset, id, recordCrc } = decodeIndexEntry(view, at);
      if (!isWanted(offset)) continue;
      core.u8.set(bytes.subarray(at, at + INDEX_ENTRY_BYTES), core.slot);
      if (!core.checkIndexEntry(core.slot, this.segment.salt)) continue;
      if (isFrameAt({ segment: this.segment, offset, id }, recordCrc)) yield { offset, id };
    }
  }

  /**
   * Adds an entry for a frame if it is due; the index stays open for more, until {@linkcode close}. Failing to is not an
   * error: the index only saves time. `newestTime` is the newest in the segment up to this frame.
   */
  add(frame: IndexedFrame, newestTime: number): void {
    const entry = this.entryOf(frame, newestTime);
    if (entry === undefined) return;
    try {
      const file = this.#file ??= this.#open();
      const written = file.append(afterWholeEntries(this.#excess, entry));
      this.#excess = (this.#excess + written) % INDEX_ENTRY_BYTES;
    } catch {
      // A full disk or a read-only folder: seeks read more of the log, nothing else.
      this.close();
    }
  }

  /** The entry of a frame; undefined if it gets none. It counts as added. */
  entryOf({ offset, id, frame, damaged }: IndexedFrame, newestTime: number): Uint8Array | undefined {
    if (offset - this.#indexed < this.intervalBytes || offset >= OFFSETS_END) return undefined;
    // It has no header that the entry could point at.
    if (damaged === "header") return undefined;
    this.#indexed = offset;
    const { recordCrc } = frame;
    return encodeIndexEntry({ id, time: newestTime, offset, recordCrc, salt: this.segment.salt });
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): StorageFile {
    const file = openIndex(this.segment.storage, indexPath(this.segment));
    this.#excess = Math.max(0, file.size()) % INDEX_ENTRY_BYTES;
    return file;
  }

  #read(): Uint8Array | undefined {
    try {
      return this.segment.storage.readWhole(indexPath(this.segment), INDEX_BYTES_MAX);
    } catch {
      // It cannot be read, or is a link: the same as no index.
      return undefined;
    }
  }

  #position(lookup: (entries: IndexEntries) => number): IndexedPosition {
    const { segment } = this;
    const { baseId, created } = segment;
    const start: IndexedPosition = { segment, offset: SEGMENT_HEADER_BYTES, id: baseId, time: created };
    const bytes = segment.file.size() < this.intervalBytes ? undefined : this.#read();
    if (bytes === undefined) return start;
    let count = Math.floor(bytes.byteLength / INDEX_ENTRY_BYTES);
    while (count > 0) {
      core.ensureReadArea(bytes.byteLength);
      readWindow.clear();
      core.u8.set(bytes, core.readArea);
      const index = lookup({ ptr: core.readArea, count, salt: segment.salt });
      if (index < 0) return start;
      const { offset, id, time, recordCrc } = decodeIndexEntry(
        core.view,
        core.readArea + index * INDEX_ENTRY_BYTES,
      );
      const position = { segment, offset, id, time };
      if (isFrameAt(position, recordCrc)) {
        this.#indexed = offset;
        return position;
      }
      // The index is newer than the log (a power cut), or one of the two is damaged: try the entries before.
      count = index;
    }
    return start;
  }
}

/** The entry, after zeros that complete an entry that a full disk cut short, so that entries stay aligned. */
function afterWholeEntries(excess: number, entry: Uint8Array): Uint8Array {
  if (excess === 0) return entry;
  const bytes = new Uint8Array(2 * INDEX_ENTRY_BYTES - excess);
  bytes.set(entry, INDEX_ENTRY_BYTES - excess);
  return bytes;
}

function isFrameAt({ segment, offset }: LogPosition, recordCrc: number): boolean {
  if (offset < SEGMENT_HEADER_BYTES) return false;
  const at = readWindow.at(segment, offset, RECORD_BYTES);
  return at >= 0 && core.checkRecord(at, segment.salt, false) &&
    decodeRecord(core.view, at).recordCrc === recordCrc;
}

function openIndex(storage: Storage, path: string): StorageFile {
  try {
    return storage.open(path, "append");
  } catch {
    // Not synced: after a power cut it is made again.
    storage.publish(path, new Uint8Array(0), { durable: false });
    return storage.open(path, "append");
  }
}
