import { StorageError } from "../errors.ts";
import type { Storage, StorageFile } from "../storage/port.ts";

/** Reads nearby ranges of a file with few system calls. Returned bytes are never overwritten. */
export class FileWindow implements Disposable {
  readonly #file: StorageFile | undefined;
  /** Size of the file when it was opened; 0 if it does not exist. */
  readonly size: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;

  constructor(storage: Storage, readonly path: string, private readonly aheadBytes: number) {
    this.#file = openIfExists(storage, path);
    this.size = this.#file?.size() ?? 0;
  }

  /** The current window, until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The same as a view for numbers. */
  get view(): DataView {
    return this.#view;
  }

  /** The offset in {@linkcode bytes} of a range that is read completely; -1 if it exceeds the file. */
  locate(offset: number, size: number): number {
    // Both may be Infinity, or their sum inexact.
    if (size > this.size || offset > this.size - size) return -1;
    const at = offset - this.#start;
    if (at >= 0 && at + size <= this.#bytes.length) return at;
    this.#start = offset;
    this.#bytes = this.#read(offset, Math.min(Math.max(size, this.aheadBytes), this.size - offset));
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    return this.#bytes.length < size ? -1 : 0;
  }

  /** A range of the file; undefined if it exceeds the file. */
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

function openIfExists(storage: Storage, path: string): StorageFile | undefined {
  try {
    return storage.open(path, "read");
  } catch (error) {
    if (error instanceof StorageError && error.errno === "ENOENT") return undefined;
    throw error;
  }
}
