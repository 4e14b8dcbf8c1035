import { core } from "../format/core/core.ts";
import { INDEX_ENTRY_BYTES } from "../format/bytes.ts";
import type { FrameRecord } from "../format/frame_header.ts";
import { decodeIndexEntry, type IndexEntry } from "../format/index_entry.ts";
import { readWindow } from "../segment/window.ts";
import type { Segment } from "../segment/segment_file.ts";
import { INDEX_BYTES_MAX, indexPath } from "../segment/index.ts";

/** An entry, its offset in the index, and whether its frame was found. */
interface Entry extends IndexEntry {
  at: number;
  isFound: boolean;
}

/** An entry that is wrong, and its offset in the index. */
interface IndexDamage {
  at: number;
  /** Its own checksum is right: it names a frame that is not there. */
  isLeftover: boolean;
  reason: string;
}

/**
 * Compares a segment's index with the frames of the log as they are read. There is an entry per half a megabyte
 * of log, so all of them are in memory.
 */
export class IndexCheck {
  readonly path: string;
  /** The error, if it cannot be read. */
  readonly fault: unknown;
  readonly #entries = new Map<number, Entry[]>();
  readonly #damage: IndexDamage[] = [];
  #newestTime: number;

  constructor(segment: Segment) {
    this.path = indexPath(segment);
    this.#newestTime = segment.created;
    let read: Uint8Array | undefined;
    try {
      read = segment.storage.readWhole(this.path, INDEX_BYTES_MAX + 1);
    } catch (error) {
      this.fault = error;
    }
    read ??= new Uint8Array(0);
    const bytes = read.subarray(0, INDEX_BYTES_MAX);
    if (read.byteLength > INDEX_BYTES_MAX) {
      const reason = "the index is longer than an index can be";
      this.#damage.push({ at: INDEX_BYTES_MAX, isLeftover: false, reason });
    }
    readWindow.clear();
    core.ensureReadArea(bytes.byteLength);
    core.u8.set(bytes, core.readArea);
    this.#takeAll(bytes.byteLength, segment.salt);
  }

  /** Takes a frame with the id of its first event. */
  frame(offset: number, id: number, frame: FrameRecord): void {
    this.#newestTime = Math.max(this.#newestTime, frame.time);
    for (const entry of this.#entries.get(offset) ?? []) {
      // It holds the newest time up to this frame; those of earlier versions hold the frame's own.
      if (entry.recordCrc !== frame.recordCrc) continue;
      if (entry.time < frame.time || entry.time > this.#newestTime) continue;
      entry.isFound = true;
      if (entry.id === id) continue;
      const reason = `an index entry gives event ${id} the id ${entry.id}`;
      this.#damage.push({ at: entry.at, isLeftover: false, reason });
    }
  }

  /** Everything that is wrong, once all frames were taken. */
  damage(): IndexDamage[] {
    for (const entries of this.#entries.values()) {
      for (const { at, isFound } of entries) {
        const reason = "an index entry refers to a frame that is not there";
        if (!isFound) this.#damage.push({ at, isLeftover: true, reason });
      }
    }
    this.#entries.clear();
    return this.#damage.sort((a, b) => a.at - b.at);
  }

  #takeAll(size: number, salt: number): void {
    const isEntry = (at: number) =>
      at + INDEX_ENTRY_BYTES <= size && core.checkIndexEntry(core.readArea + at, salt);
    for (let at = 0; at < size;) {
      if (isEntry(at)) {
        this.#take(at);
        at += INDEX_ENTRY_BYTES;
        continue;
      }
      let next = at + 1;
      while (next < size && !isEntry(next)) next++;
      // Entries are as they should be, and then there is a piece of one: an append was cut short.
      const isCut = (next - at) % INDEX_ENTRY_BYTES !== 0;
      const reason = isCut
        ? "an index entry was cut short; the entries after it cannot be found"
        : "index checksum differs";
      this.#damage.push({ at, isLeftover: isCut, reason });
      at = next;
    }
  }

  #take(at: number): void {
    const entry = decodeIndexEntry(core.view, core.readArea + at);
    const entries = this.#entries.get(entry.offset) ?? [];
    this.#entries.set(entry.offset, entries);
    entries.push({ ...entry, at, isFound: false });
  }
}
