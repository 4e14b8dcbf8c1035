import { core } from "../format/core/core.ts";
import type { StorageFile } from "../../storage/port.ts";

/** How much is read at once where a reader goes through small frames or wants everything. */
export const READ_AHEAD_BYTES = 1 << 20;

/** A file whose bytes the window may hold. */
export interface WindowSource {
  readonly file: StorageFile;
}

/**
 * The part of one file that lies in the core's read area. There is one area a thread: a caller that needs bytes
 * asks for them again, and gets them without a read when they are still there. Pointers are good until the
 * next call of `at`, and never across an `await`.
 */
export class ReadWindow {
  #source: WindowSource | undefined;
  #start = 0;
  #end = 0;
  #loads = 0;

  /** How often it was filled: as long as this stays the same, so does what it holds. */
  get loads(): number {
    return this.#loads;
  }

  /**
   * Where in the core's memory `size` bytes from `offset` lie, or -1 when the file ends before. Reads
   * `ahead` bytes at once when it has to read.
   */
  at(source: WindowSource, offset: number, size: number, ahead: number): number {
    if (source !== this.#source || offset < this.#start || offset + size > this.#end) {
      const loaded = this.#load(source, offset, Math.max(size, ahead));
      if (loaded < size) return -1;
    }
    return core.readArea + (offset - this.#start);
  }

  /** How many bytes from `offset` on the window holds now. */
  held(source: WindowSource, offset: number): number {
    return source === this.#source && offset >= this.#start && offset < this.#end ? this.#end - offset : 0;
  }

  /** Forgets what it holds, so that the next call reads. */
  clear(): void {
    this.#source = undefined;
    this.#loads++;
  }

  /**
   * Keeps the first `bytes` of the read area and what they are; the returned function puts it back, for a caller that
   * lets other readers run in the middle of a read.
   */
  snapshot(bytes: number): () => void {
    const [source, start, end] = [this.#source, this.#start, this.#end];
    const kept = core.u8.slice(core.readArea, core.readArea + bytes);
    return () => {
      this.#loads++;
      core.u8.set(kept, core.readArea);
      [this.#source, this.#start, this.#end] = [source, start, end];
    };
  }

  #load(source: WindowSource, offset: number, wanted: number): number {
    this.#source = undefined;
    this.#loads++;
    let bytes = wanted;
    if (bytes > core.readAreaBytes) {
      // The size may be a claim of damaged bytes: no memory is taken for what the file does not have.
      bytes = Math.min(bytes, Math.max(source.file.size() - offset, core.readAreaBytes));
      core.ensureReadArea(bytes);
    }
    const area = core.u8.subarray(core.readArea, core.readArea + bytes);
    let got = 0;
    // A system may give fewer bytes than there are; only a read of nothing says that the file ends here.
    while (got < bytes) {
      const more = source.file.readAt(got === 0 ? area : area.subarray(got), offset + got);
      if (more === 0) break;
      got += more;
    }
    this.#source = source;
    this.#start = offset;
    this.#end = offset + got;
    return got;
  }
}

/** The one window over the one read area. */
export const readWindow: ReadWindow = new ReadWindow();
