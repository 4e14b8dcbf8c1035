import { closeSync, constants, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { storageError } from "../storage/storage_error.ts";
import {
  DATA_FILE,
  ENTRY_BYTES,
  INDEX_FILE,
  LENGTH_BYTES,
  METADATA_FILE,
  writeEntry,
  writeUint64,
} from "./layout.ts";
import type { TransferCount } from "./transfer.ts";

/** Bytes to buffer before writing. */
const BUFFER_BYTES = 1024 * 1024;

/** Creates the file if needed, and never follows a symbolic link. */
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

const encoder = new TextEncoder();

/** Writes the files of one partition in the C++ layout. */
export class PartitionWriter implements Disposable {
  readonly #metadata: BufferedFile;
  readonly #data: BufferedFile;
  readonly #index: BufferedFile;
  readonly #count: TransferCount;

  /** Continues after what an earlier run wrote according to its checkpoint, and truncates the rest. */
  constructor(directory: string, before: TransferCount) {
    const { events, metadataBytes, dataBytes } = before;
    this.#count = { events, metadataBytes, dataBytes };
    mkdirSync(directory, { recursive: true });
    this.#metadata = new BufferedFile(`${directory}/${METADATA_FILE}`, metadataBytes + LENGTH_BYTES * events);
    this.#data = new BufferedFile(`${directory}/${DATA_FILE}`, dataBytes);
    this.#index = new BufferedFile(`${directory}/${INDEX_FILE}`, ENTRY_BYTES * events);
  }

  /** What has been written, including earlier runs. */
  get count(): Readonly<TransferCount> {
    return this.#count;
  }

  /** Writes a piece of the next event's data part. */
  writeData(piece: Uint8Array): void {
    this.#data.write(piece);
  }

  /** Writes one event, after its data part. */
  writeEvent(document: string): void {
    const text = encoder.encode(document);
    const length = new Uint8Array(LENGTH_BYTES);
    writeUint64(viewOf(length), 0, text.length);
    const dataSize = this.#data.size - this.#count.dataBytes;
    const entry = {
      metadataOffset: this.#metadata.size,
      metadataSize: LENGTH_BYTES + text.length,
      dataOffset: this.#count.dataBytes,
      dataSize,
    };
    this.#metadata.write(length);
    this.#metadata.write(text);
    const bytes = new Uint8Array(ENTRY_BYTES);
    writeEntry(viewOf(bytes), 0, entry);
    this.#index.write(bytes);
    this.#count.events++;
    this.#count.metadataBytes += text.length;
    this.#count.dataBytes += dataSize;
  }

  /** Syncs everything written to disk; the index, which determines which events exist, comes last. */
  sync(): void {
    for (const file of [this.#metadata, this.#data, this.#index]) file.sync();
  }

  [Symbol.dispose](): void {
    for (const file of [this.#metadata, this.#data, this.#index]) file.close();
  }
}

/** A file that is written sequentially. */
class BufferedFile {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #used = 0;
  #written: number;

  constructor(private readonly path: string, size: number) {
    this.#written = size;
    try {
      this.#fd = openSync(path, FLAGS, 0o666);
      ftruncateSync(this.#fd, size);
    } catch (cause) {
      throw storageError("open", path, cause);
    }
  }

  /** Size of the file including buffered bytes. */
  get size(): number {
    return this.#written + this.#used;
  }

  write(bytes: Uint8Array): void {
    if (this.#used + bytes.length > BUFFER_BYTES) this.flush();
    if (bytes.length > BUFFER_BYTES) return this.#put(bytes);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  flush(): void {
    this.#put(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  sync(): void {
    this.flush();
    try {
      fsyncSync(this.#fd);
    } catch (cause) {
      throw storageError("sync", this.path, cause);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #put(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) {
        at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#written + at);
      }
    } catch (cause) {
      throw storageError("write to", this.path, cause);
    }
    this.#written += bytes.length;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
