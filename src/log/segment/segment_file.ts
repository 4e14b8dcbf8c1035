import { core } from "../format/core/core.ts";
import { CorruptedLogError, UnsupportedFormatError } from "../../errors.ts";
import type { Storage, StorageFile } from "../../storage/port.ts";
import { FORMAT_VERSION, RECORD, RECORD_BYTES, SEGMENT, SEGMENT_HEADER_BYTES } from "../format/bytes.ts";
import { readUint64 } from "../format/frame_header.ts";
import { READ_AHEAD_BYTES, readWindow } from "./window.ts";

const NAME = /^(\d{20})\.log$/;

/** A salt that no record has. */
const NO_SALT = -1;

/** The name of the segment that begins with this id. */
export function segmentName(baseId: number): string {
  return `${String(baseId).padStart(20, "0")}.log`;
}

/** The first id of the segment of this name, or undefined when the name is not a segment's. */
export function baseIdOf(name: string): number | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const baseId = Number(match[1]);
  return Number.isSafeInteger(baseId) ? baseId : undefined;
}

/** Where a segment ends. */
export interface SealedSegment {
  baseId: number;
  /** Offset of its seal: what stands after it is discarded. */
  sealOffset: number;
  /** Distinguishes it from another segment of the same name; 0 where it is not known. */
  salt: number;
}

/** The bytes of an empty segment. */
export function encodeSegment(
  parts: {
    partition: number;
    salt: number;
    baseId: number;
    created: number;
    after?: SealedSegment | undefined;
  },
): Uint8Array {
  const at = core.encodeArea;
  const { after, ...header } = parts;
  core.encodeSegmentHeader(at, {
    ...header,
    previousId: after?.baseId ?? 0,
    previousSeal: after?.sealOffset ?? 0,
    previousSalt: after?.salt ?? 0,
  });
  return core.u8.slice(at, at + SEGMENT_HEADER_BYTES);
}

/** One segment file, opened when it is read and closed when too many are open. */
export class Segment {
  readonly salt: number;
  readonly created: number;
  /** The segment before it; undefined where its header does not say. */
  readonly previous: SealedSegment | undefined;
  /** What is wrong with the segment header, if anything; the frames are readable all the same. */
  readonly headerDamage: string | undefined;
  /** The id the next segment begins with, once that is known: frames from there on are discarded. */
  endId: number | undefined;
  /** The newest time in it, once another segment follows and that was looked for. */
  newestTime: number | undefined;
  #seal: { endId: number; offset: number | "unknown" } | undefined;
  #file: StorageFile | undefined;

  /** With `file`, an open file of that path is used, and stays its owner's to close. */
  constructor(
    readonly storage: Storage,
    readonly path: string,
    readonly partition: number,
    readonly baseId: number,
    file?: StorageFile,
  ) {
    this.#file = file;
    const { salt, created, previous, damage } = this.#readHeader();
    this.salt = salt;
    this.created = created;
    this.previous = previous;
    this.headerDamage = damage;
  }

  /** The open file. */
  get file(): StorageFile {
    return this.#file ??= this.storage.open(this.path, "read");
  }

  /** Whether nothing in the file can be distinguished from noise; then nothing is read from it, nor appended to it. */
  get isUnreadable(): boolean {
    return this.salt === NO_SALT;
  }

  /** Throws when nothing in the file can be distinguished from noise. */
  checkIsReadable(topic: string): void {
    if (!this.isUnreadable) return;
    const { partition, baseId: firstId, path: file } = this;
    const reason = `${this.headerDamage}; repair the topic`;
    throw new CorruptedLogError({ topic, partition, firstId, endId: firstId, file, offset: 0, reason });
  }

  /**
   * Where the segment ends, as the one after it says: frames from its seal on are discarded. Undefined while there
   * is none after it, and `"unknown"` when the one that followed it is missing or does not say.
   */
  sealOffset(): number | "unknown" | undefined {
    const { endId } = this;
    if (endId === undefined) return undefined;
    if (this.#seal?.endId !== endId) this.#seal = { endId, offset: this.#readSealOffset(endId) };
    return this.#seal.offset;
  }

  /** Whether the file is open now. */
  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Closes the file; it opens again when it is needed. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
    readWindow.closed(this);
  }

  #readSealOffset(nextId: number): number | "unknown" {
    const folder = this.path.slice(0, this.path.lastIndexOf("/"));
    const file = this.storage.open(`${folder}/${segmentName(nextId)}`, "read");
    try {
      const at = core.slot;
      const bytes = core.u8.subarray(at, at + SEGMENT_HEADER_BYTES);
      let got = 0;
      for (let more = -1; got < SEGMENT_HEADER_BYTES && more !== 0; got += more) {
        more = file.readAt(bytes.subarray(got), got);
      }
      if (got < SEGMENT_HEADER_BYTES || core.checkSegmentHeader(at) !== "ok") return "unknown";
      const previous = previousIn(at);
      return isSameSegment(previous, this) ? previous.sealOffset || "unknown" : "unknown";
    } finally {
      file.close();
    }
  }

  #readHeader(): { salt: number; created: number; previous?: SealedSegment; damage?: string | undefined } {
    const at = readWindow.at(this, 0, SEGMENT_HEADER_BYTES, 4096);
    const state = at < 0 ? "too short" : core.checkSegmentHeader(at);
    if (state === "newer") {
      const version = core.view.getUint16(at + SEGMENT.version, true);
      throw new UnsupportedFormatError(this.path, version, FORMAT_VERSION);
    }
    if (state === "ok") {
      const baseId = readUint64(core.view, at + SEGMENT.baseId);
      const damage = baseId === this.baseId ? undefined : `segment header says first id ${baseId}`;
      return {
        salt: core.view.getUint32(at + SEGMENT.salt, true),
        created: readUint64(core.view, at + SEGMENT.created),
        previous: previousIn(at),
        damage,
      };
    }
    // Every frame repeats what is needed to go on without the header.
    const record = this.#anyRecord();
    if (record < 0) {
      return { salt: NO_SALT, created: 0, damage: "the segment header is damaged and no frame is whole" };
    }
    const { view } = core;
    return {
      salt: view.getUint32(record + RECORD.salt, true),
      created: readUint64(view, record + RECORD.time),
      damage: "segment header checksum differs",
    };
  }

  /**
   * Where a record of this segment lies in the core's memory, or -1. In places first where no user's data can be:
   * those may hold records of other segments.
   */
  #anyRecord(): number {
    const first = readWindow.at(this, SEGMENT_HEADER_BYTES, RECORD_BYTES, RECORD_BYTES);
    if (first >= 0 && core.checkRecordOfAnySegment(first)) return first;
    const size = this.file.size();
    const last = size < RECORD_BYTES
      ? -1
      : readWindow.at(this, size - RECORD_BYTES, RECORD_BYTES, RECORD_BYTES);
    if (last >= 0 && core.checkRecordOfAnySegment(last, true)) return last;
    for (let offset = SEGMENT_HEADER_BYTES; offset + RECORD_BYTES <= size;) {
      const bytes = Math.min(size - offset, READ_AHEAD_BYTES);
      const at = readWindow.at(this, offset, bytes, bytes);
      const found = at < 0 ? -1 : core.findRecordOfAnySegment(at, bytes, 0);
      if (found >= 0) return at + found;
      offset += bytes - RECORD_BYTES + 1;
    }
    return -1;
  }
}

function previousIn(at: number): SealedSegment {
  const { view } = core;
  return {
    baseId: readUint64(view, at + SEGMENT.previousId),
    sealOffset: view.getUint32(at + SEGMENT.previousSeal, true),
    salt: view.getUint32(at + SEGMENT.previousSalt, true),
  };
}

/** Whether a segment's header speaks of this very segment as the one before it. */
export function isSameSegment(previous: SealedSegment, segment: { baseId: number; salt: number }): boolean {
  return previous.baseId === segment.baseId && (previous.salt === 0 || previous.salt === segment.salt);
}
