import { core } from "../format/core/core.ts";
import type { StorageFile } from "../../storage/port.ts";
import { RECORD_BYTES } from "../format/bytes.ts";

/** How much one read takes where a reader goes through small frames or wants everything. */
export const READ_AHEAD_BYTES = 1 << 20;

/** Small frames are read this many bytes at a time. */
const SMALL_READ_BYTES = 64 * 1024;

/** The least that is read for a head far from the next one: that of a frame with one event, and not much more. */
const HEAD_READ_BYTES = 512;

/** The most that is read at once of a file that was removed while it is open, whose size is not known: no frame is larger. */
const REMOVED_BYTES_MAX = 2 ** 26;

/** A file whose bytes the window may hold. */
export interface WindowSource {
  readonly file: StorageFile;
}

/** The most that is read ahead after a record: few frames have a larger head. */
const LOOKAHEAD_BYTES = 16 * 1024;
/** The lookaheads of this many files are kept, for readers that take turns. */
const LOOKAHEADS = 8;

/** A record and the bytes after it in one file: a trailer, and the head of the next frame, which its reader asks for next. */
class Lookahead {
  source: WindowSource | undefined;
  readonly #bytes = new Uint8Array(LOOKAHEAD_BYTES);
  /** Views of the last read are used again by the next one of the same size. */
  #into = this.#bytes;
  readonly #record = this.#bytes.subarray(0, RECORD_BYTES);
  #rest = this.#bytes;
  #start = 0;
  #got = 0;

  /** Reads from `offset` on; gives the record there, undefined if the file ends before. */
  read(source: WindowSource, offset: number, wanted: number): Uint8Array | undefined {
    if (this.#into.byteLength !== wanted) {
      this.#into = this.#bytes.subarray(0, wanted);
      this.#rest = this.#bytes.subarray(RECORD_BYTES, wanted);
    }
    this.source = undefined;
    this.#got = readFully(source.file, this.#into, offset);
    this.#start = offset;
    this.source = source;
    return this.#got < RECORD_BYTES ? undefined : this.#record;
  }

  /** The bytes from `offset` on, if there are at least `bytesMin`. */
  from(offset: number, bytesMin: number): Uint8Array | undefined {
    const skipped = offset - this.#start;
    if (skipped < 0 || skipped + bytesMin > this.#got) return undefined;
    const isRest = skipped === RECORD_BYTES && this.#got === this.#into.byteLength;
    return isRest ? this.#rest : this.#bytes.subarray(skipped, this.#got);
  }
}

/**
 * The part of one file that is in the core's read area. Each thread has one area: a caller that needs bytes asks for
 * them again, and gets them without a read if they are still there. Pointers are valid until the next call of `at`,
 * and never across an `await`.
 */
export class ReadWindow {
  // Not `#`: the simulation keeps what one process has here while it runs another one.
  private source: WindowSource | undefined;
  private start = 0;
  private end = 0;
  /** The most recently used one is last. */
  private readonly lookaheads: Lookahead[] = [];
  /** How often it was filled: as long as this stays the same, so does what it holds. */
  loads = 0;

  /**
   * Where in the core's memory `size` bytes from `offset` lie, or -1 when the file ends before. If it has to read, it
   * reads `ahead` bytes, where those are more.
   */
  at(source: WindowSource, offset: number, size: number, ahead = size): number {
    if (source !== this.source || offset < this.start || offset + size > this.end) {
      const loaded = this.#known(source, offset, size) ?? this.#load(source, offset, Math.max(size, ahead));
      if (loaded < size) return -1;
    }
    return core.readArea + (offset - this.start);
  }

  /** How many bytes from `offset` on the window holds now. */
  held(source: WindowSource, offset: number): number {
    return source === this.source && offset >= this.start && offset < this.end ? this.end - offset : 0;
  }

  /** Where in the core's memory `size` bytes from `offset` lie, or -1 if the window does not hold them all now. */
  heldAt(source: WindowSource, offset: number, size: number): number {
    return this.held(source, offset) < size ? -1 : core.readArea + (offset - this.start);
  }

  /**
   * Copies a record to `to` in the core's memory and leaves the window as it is; false when the file ends before.
   * The same read takes `ahead` bytes that follow, for {@linkcode at}.
   */
  peek(source: WindowSource, offset: number, ahead: number, to: number): boolean {
    const wanted = RECORD_BYTES + ahead <= LOOKAHEAD_BYTES ? RECORD_BYTES + ahead : RECORD_BYTES;
    const record = this.#lookaheadOf(source).read(source, offset, wanted);
    if (record === undefined) return false;
    core.u8.set(record, to);
    return true;
  }

  /** Forgets the lookahead of a file that is closed: another file may have its name when it is opened again. */
  closed(source: WindowSource): void {
    const index = this.lookaheads.findIndex((lookahead) => lookahead.source === source);
    if (index >= 0) this.lookaheads.splice(index, 1);
  }

  /** Forgets what it holds, so that the next call reads. */
  clear(): void {
    this.source = undefined;
    this.loads++;
    this.lookaheads.length = 0;
  }

  /** The file's own lookahead, or one to use for it. */
  #lookaheadOf(source: WindowSource): Lookahead {
    const all = this.lookaheads;
    const last = all[all.length - 1];
    if (last?.source === source) return last;
    let index = all.findIndex((lookahead) => lookahead.source === source);
    if (index < 0 && all.length < LOOKAHEADS) index = all.push(new Lookahead()) - 1;
    const lookahead = all.splice(Math.max(index, 0), 1)[0]!;
    all.push(lookahead);
    return lookahead;
  }

  /** Fills the window with what was looked ahead; gives its bytes, undefined when those are too few. */
  #known(source: WindowSource, offset: number, size: number): number | undefined {
    const all = this.lookaheads;
    // Mostly the one used last.
    let lookahead: Lookahead | undefined = all[all.length - 1];
    if (lookahead?.source !== source) lookahead = all.find((each) => each.source === source);
    const bytes = lookahead?.from(offset, size);
    if (bytes === undefined) return undefined;
    this.loads++;
    core.u8.set(bytes, core.readArea);
    this.source = source;
    this.start = offset;
    this.end = offset + bytes.byteLength;
    return bytes.byteLength;
  }

  /** Reads what it lacks: what it holds from `offset` on stays, since bytes within a file's size never change. */
  #load(source: WindowSource, offset: number, wanted: number): number {
    const held = this.held(source, offset);
    const skipped = offset - this.start;
    this.source = undefined;
    this.loads++;
    let bytes = wanted;
    if (bytes > core.readAreaBytes) {
      // The size may be a claim of damaged bytes: no memory is taken for what the file does not have.
      const size = source.file.size();
      const there = size < 0 ? REMOVED_BYTES_MAX : size - offset;
      bytes = Math.min(bytes, Math.max(there, core.readAreaBytes));
      core.ensureReadArea(bytes);
    }
    const { readArea, u8 } = core;
    if (held > 0 && skipped > 0) u8.copyWithin(readArea, readArea + skipped, readArea + skipped + held);
    const into = u8.subarray(readArea + held, readArea + bytes);
    const got = held + readFully(source.file, into, offset + held);
    this.source = source;
    this.start = offset;
    this.end = offset + got;
    return got;
  }
}

/** Fills a buffer from a file; returns how many bytes there were. */
export function readFully(file: StorageFile, into: Uint8Array, offset: number): number {
  let got = 0;
  // A system may give fewer bytes than there are; only a read of nothing says that the file ends here.
  while (got < into.byteLength) {
    const more = file.readAt(got === 0 ? into : into.subarray(got), offset + got);
    if (more === 0) break;
    got += more;
  }
  return got;
}

/** The one window over the one read area. */
export const readWindow: ReadWindow = new ReadWindow();

/** How much to read ahead after a frame: of the next one, which is about as large, the head or all of it. */
export function nextAhead(frameBytes: number, headBytes: number, whole: boolean): number {
  if (!whole && headBytes * 2 < frameBytes) {
    return Math.min(Math.max(headBytes + (headBytes >> 2), HEAD_READ_BYTES), READ_AHEAD_BYTES);
  }
  // The next frame is about as large: read with its trailer, which would otherwise need a read of its own.
  return Math.min(Math.max(frameBytes + (frameBytes >> 5), SMALL_READ_BYTES), 2 * READ_AHEAD_BYTES);
}
