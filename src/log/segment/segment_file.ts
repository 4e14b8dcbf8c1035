import { dirname } from "node:path";
import { core } from "../format/core/core.ts";
import { StorageError, UnsupportedFormatError } from "../../errors.ts";
import { isMissing, type Storage, type StorageFile } from "../../storage/port.ts";
import {
  FORMAT_VERSION,
  RECORD,
  RECORD_BYTES,
  SEGMENT_FILE_BYTES_MAX,
  SEGMENT_HEADER_BYTES,
} from "../format/bytes.ts";
import { counted } from "../../text/counted.ts";
import { readUint64 } from "../format/frame_header.ts";
import { decodeSegmentHeader, type SealedSegment } from "../format/segment_header.ts";
import { READ_AHEAD_BYTES, readFully, readWindow } from "./window.ts";

const NAME = /^(\d{20})\.log$/;

/** A salt that no record has. */
export const NO_SALT = -1;

/** So much is searched of a file that is longer than a segment can be: all of a hole of terabytes would take hours. */
const SEARCHED_BYTES_MAX = 2 ** 26;

/** Where a search for a frame that begins at an offset ends, in a file of this size. */
export function searchEnd(from: number, size: number): number {
  return size > SEGMENT_FILE_BYTES_MAX ? Math.min(size, from + SEARCHED_BYTES_MAX) : size;
}

/** What is wrong with a file that is longer than a segment can be, and ends at an offset; undefined for others. */
export function oversizeOf({ file }: Segment, end: number): string | undefined {
  const size = file.size();
  if (size <= SEGMENT_FILE_BYTES_MAX) return undefined;
  return `the file has ${counted(size, "byte")}, more than a segment can have (${SEGMENT_FILE_BYTES_MAX}); ` +
    `cut it to ${end} while nothing has it open`;
}

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

/** One segment file, opened when it is read and closed when too many are open. */
export class Segment {
  readonly partition: number;
  readonly baseId: number;
  readonly created: number;
  /** The segment before it; undefined where its header does not say. */
  readonly previous: SealedSegment | undefined;
  /** What its frames repeat. */
  salt: number;
  /** What is wrong with the segment header, if anything; the frames may be readable nevertheless. */
  headerDamage: string | undefined;
  /** The id the next segment begins with, once that is known: frames from there on are discarded. */
  endId: number | undefined;
  /** The newest time in it, once another segment follows and that was looked for. */
  newestTime: number | undefined;
  /** Called when the file was opened again. */
  opened: ((segment: Segment) => void) | undefined;
  /** Called when it was to be opened again, and another segment has its name. */
  replaced: (() => void) | undefined;
  #seal: { endId: number; offset: number | "unknown" } | undefined;
  #file: StorageFile | undefined;

  /** With `file`, an open file of that path is used, and stays its owner's to close. */
  constructor(
    readonly storage: Storage,
    readonly path: string,
    { partition, baseId }: { partition: number; baseId: number },
    file?: StorageFile,
  ) {
    this.partition = partition;
    this.baseId = baseId;
    this.#file = file;
    const { salt, created, previous, damage } = this.#readHeader();
    this.salt = salt;
    this.created = created;
    this.previous = previous;
    this.headerDamage = damage;
  }

  /** Reads nothing from it: it is another segment's file. */
  refuse(reason: string): void {
    this.salt = NO_SALT;
    this.headerDamage = reason;
  }

  /** The open file. Throws `ENOENT` if, while it was closed, it was removed, or another segment's took its name. */
  get file(): StorageFile {
    if (this.#file !== undefined) return this.#file;
    const file = this.storage.open(this.path, "read");
    if (this.#isOther(file)) {
      file.close();
      this.replaced?.();
      throw new StorageError("ENOENT", `Cannot read "${this.path}": it was removed, and made again (ENOENT)`);
    }
    this.#file = file;
    this.opened?.(this);
    return file;
  }

  /** Whether the file is open, or can be opened. */
  get isThere(): boolean {
    try {
      return this.file !== undefined;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Whether a file has the header of another segment than the one read before. */
  #isOther(file: StorageFile): boolean {
    // Undefined until the header was read for the first time; nothing is read from one that was refused.
    if (this.salt === undefined || this.isUnreadable) return false;
    const header = headerOf(file);
    return header !== undefined && header.salt !== this.salt;
  }

  /**
   * Whether nothing in the file can be distinguished from noise, or it is another segment's: then nothing is read from it,
   * nor appended to it.
   */
  get isUnreadable(): boolean {
    return this.salt === NO_SALT;
  }

  /**
   * Where the segment ends, as the one after it says: frames from its seal on are discarded. Undefined while there
   * is none after it, and `"unknown"` when the one after it followed another, or does not say. Throws `ENOENT` if that was
   * removed since it was listed.
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

  /**
   * Opens the file anew, so that what was taken for damage is looked at once more; false if it was removed or replaced.
   * What another machine appends to a file that is open here can look like zeros for a while: many network file systems
   * keep what they read of a file until it is opened again.
   */
  reopen(): boolean {
    if (this.file.size() < 0) return false;
    try {
      const file = this.storage.open(this.path, "read");
      this.#file?.close();
      this.#file = file;
      // If there was no descriptor left for it, the one before was closed, and is not known to be open any more.
      this.opened?.(this);
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
    readWindow.clear();
    return true;
  }

  /**
   * The header may have been read when this segment was opened, for `strangerAmong`. There one that cannot be read tells
   * nothing; here that must be an error, which is not kept: a seal that is called unknown would be for good.
   */
  #readSealOffset(nextId: number): number | "unknown" {
    const header = readHeader(this.storage, `${dirname(this.path)}/${segmentName(nextId)}`);
    if (header === undefined) return "unknown";
    return isSameSegment(header.after, this) ? header.after.sealOffset || "unknown" : "unknown";
  }

  #readHeader(): { salt: number; created: number; previous?: SealedSegment; damage?: string | undefined } {
    const at = readWindow.at(this, 0, SEGMENT_HEADER_BYTES, 4096);
    const header = at < 0 ? undefined : decodeSegmentHeader(core.u8.subarray(at, at + SEGMENT_HEADER_BYTES));
    if (header !== undefined) {
      const { version, partition, baseId, salt, created, after } = header;
      if (version > FORMAT_VERSION) throw new UnsupportedFormatError(this.path, version, FORMAT_VERSION);
      const damage = partition !== this.partition
        ? `the file was written for partition ${partition}; move it away, and restore the one that was here`
        : baseId !== this.baseId
        ? `the file was written for first id ${baseId}; move it away, and restore the one that was here`
        : undefined;
      // Its events have other ids: a file that was renamed, or restored in the wrong place.
      return { salt: damage === undefined ? salt : NO_SALT, created, previous: after, damage };
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
    const first = readWindow.at(this, SEGMENT_HEADER_BYTES, RECORD_BYTES);
    if (isRecord(first, false)) return first;
    const size = this.file.size();
    const last = size < RECORD_BYTES ? -1 : readWindow.at(this, size - RECORD_BYTES, RECORD_BYTES);
    if (isRecord(last, true)) return last;
    const end = searchEnd(SEGMENT_HEADER_BYTES, size);
    for (let offset = SEGMENT_HEADER_BYTES; offset + RECORD_BYTES <= end;) {
      const bytes = Math.min(end - offset, READ_AHEAD_BYTES);
      const at = readWindow.at(this, offset, bytes);
      const found = at < 0 ? -1 : core.findRecord(at, bytes);
      if (found >= 0) return at + found;
      offset += bytes - RECORD_BYTES + 1;
    }
    return -1;
  }
}

/** A segment's header; undefined where it is damaged, or of a newer version. Throws `ENOENT` if there is no such file. */
export function readHeader(storage: Storage, path: string): ReturnType<typeof decodeSegmentHeader> {
  const file = storage.open(path, "read");
  try {
    return headerOf(file);
  } finally {
    file.close();
  }
}

function headerOf(file: StorageFile): ReturnType<typeof decodeSegmentHeader> {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  readFully(file, bytes, 0);
  const header = decodeSegmentHeader(bytes);
  return header === undefined || header.version > FORMAT_VERSION ? undefined : header;
}

/** Whether an intact record of any segment is at an address; -1 is none. */
function isRecord(at: number, trailer: boolean): boolean {
  return at >= 0 && core.checkRecord(at, core.view.getUint32(at + RECORD.salt, true), trailer);
}

/** Whether a segment's header names this very segment as the one before it. */
export function isSameSegment(previous: SealedSegment, segment: { baseId: number; salt: number }): boolean {
  return previous.baseId === segment.baseId && (previous.salt === 0 || previous.salt === segment.salt);
}

/** A frame boundary, and the id of the next event there. */
export interface LogPosition {
  segment: Segment;
  offset: number;
  id: number;
}

/** Where the first frame of a segment begins. */
export function startOf(segment: Segment): LogPosition {
  return { segment, offset: SEGMENT_HEADER_BYTES, id: segment.baseId };
}
