import { core } from "./core.ts";
import { INDEX, INDEX_ENTRY_BYTES } from "./format.ts";
import type { FrameRecord } from "./frame.ts";
import { readUint64 } from "./frame.ts";
import { readWindow } from "./read_window.ts";
import type { Segment } from "./segment.ts";
import { indexPath } from "./segment_index.ts";
import type { Storage } from "../storage/port.ts";

interface Entry {
  at: number;
  id: number;
  time: number;
  recordCrc: number;
  isConfirmed: boolean;
}

/** An entry that is wrong, and where it stands. */
export interface IndexDamage {
  at: number;
  /** Its own checksum is right: it speaks of a frame that is not there. */
  isLeftover: boolean;
  reason: string;
}

/**
 * Holds a segment's index against the frames of the log as they are walked. One entry stands for half a megabyte
 * of log, so all of them are in memory.
 */
export class IndexCheck {
  readonly path: string;
  readonly #entries = new Map<number, Entry[]>();
  readonly #damage: IndexDamage[] = [];

  constructor(storage: Storage, segment: Segment) {
    this.path = indexPath(segment);
    const bytes = storage.readWhole(this.path) ?? new Uint8Array(0);
    readWindow.clear();
    core.ensureReadArea(bytes.byteLength);
    core.u8.set(bytes, core.readArea);
    let at = 0;
    for (; at + INDEX_ENTRY_BYTES <= bytes.byteLength; at += INDEX_ENTRY_BYTES) this.#take(at, segment.salt);
    if (at < bytes.byteLength) {
      this.#damage.push({ at, isLeftover: true, reason: "the last index entry was cut short" });
    }
  }

  /** Passes a frame with the id of its first event. */
  frame(offset: number, id: number, frame: FrameRecord): void {
    for (const entry of this.#entries.get(offset) ?? []) {
      if (entry.recordCrc !== frame.recordCrc || entry.time !== frame.time) continue;
      entry.isConfirmed = entry.id === id;
      if (!entry.isConfirmed) {
        const reason = `an index entry gives event ${id} the id ${entry.id}`;
        this.#damage.push({ at: entry.at, isLeftover: false, reason });
        entry.isConfirmed = true;
      }
    }
  }

  /** Everything that is wrong, once all frames were passed. */
  damage(): IndexDamage[] {
    for (const entries of this.#entries.values()) {
      for (const { at, isConfirmed } of entries) {
        const reason = "an index entry speaks of a frame that is not there";
        if (!isConfirmed) this.#damage.push({ at, isLeftover: true, reason });
      }
    }
    this.#entries.clear();
    return this.#damage.sort((a, b) => a.at - b.at);
  }

  #take(at: number, salt: number): void {
    const ptr = core.readArea + at;
    if (!core.checkIndexEntry(ptr, salt)) {
      this.#damage.push({ at, isLeftover: false, reason: "index checksum differs" });
      return;
    }
    const offset = core.view.getUint32(ptr + INDEX.offset, true);
    const entries = this.#entries.get(offset) ?? [];
    this.#entries.set(offset, entries);
    entries.push({
      at,
      id: readUint64(core.view, ptr + INDEX.id),
      time: readUint64(core.view, ptr + INDEX.time),
      recordCrc: core.view.getUint32(ptr + INDEX.recordCrc, true),
      isConfirmed: false,
    });
  }
}
