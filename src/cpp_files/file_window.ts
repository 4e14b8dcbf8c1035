import { StorageError } from "../errors.ts";
import type { Storage, StorageFile } from "../storage/port.ts";

/** Reads ranges of a file that lie near one another with few calls. What it gave is never overwritten. */
export class FileWindow implements Disposable {
  readonly #file: StorageFile | undefined;
  /** Size of the file when it was opened; 0 where there is none. */
  readonly size: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;

  constructor(storage: Storage, readonly path: string, private readonly aheadBytes: number) {
    this.#file = openIfThere(storage, path);
    this.size = this.#file?.size() ?? 0;
  }

  /** What was read last, until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The same, for numbers. */
  get view(): DataView {
    return this.#view;
  }

  /** Where a range begins in {@linkcode bytes}, which has all of it; -1 where the file ends before it. */
  locate(offset: number, size: number): number {
    // Both may be Infinity, or their sum beyond what is exact.
    if (size > this.size || offset > this.size - size) return -1;
    const at = offset - this.#start;
    if (at >= 0 && at + size <= this.#bytes.length) return at;
    this.#start = offset;
    this.#bytes = this.#read(offset, Math.min(Math.max(size, this.aheadBytes), this.size - offset));
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    return this.#bytes.length < size ? -1 : 0;
  }

  /** A range of the file, undefined where the file ends before it. */
  range(offset: number, size: number): Uint8Array | undefined {
    const at = this.locate(offset, size);
    return at < 0 ? undefined : this.#bytes.subarray(at, at + size);
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }

  #read(offset: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    let got = 0;
    while (got < size) {
      const more = this.#file!.readAt(bytes.subarray(got), offset + got);
      if (more === 0) break;
      got += more;
    }
    return bytes.subarray(0, got);
  }
}

function openIfThere(storage: Storage, path: string): StorageFile | undefined {
  try {
    return storage.open(path, "read");
  } catch (error) {
    if (error instanceof StorageError && error.errno === "ENOENT") return undefined;
    throw error;
  }
}
