import { Buffer } from "node:buffer";
import { CorruptedLogError } from "../errors.ts";
import type { Storage } from "../storage/port.ts";
import { FileWindow } from "./file_window.ts";
import {
  DATA_FILE,
  ENTRY_BYTES,
  INDEX_FILE,
  type IndexEntry,
  LENGTH_BYTES,
  METADATA_FILE,
  readEntry,
  readUint64,
} from "./layout.ts";

/** Bytes to read ahead in each file: index, metadata, data. */
export const INDEX_AHEAD_BYTES = 64 * 1024;
const METADATA_AHEAD_BYTES = 1024 * 1024;
const DATA_AHEAD_BYTES = 4 * 1024 * 1024;
/** Larger data parts are returned in pieces. */
const WHOLE_DATA_BYTES_MAX = 64 * 1024 * 1024;
/** Larger texts are decoded by a TextDecoder: a call of it costs as much as checking this many bytes for ASCII. */
const SHORT_TEXT_BYTES_MAX = 256;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The files of a partition in the C++ layout, open for reading. */
export class PartitionFiles implements Disposable {
  readonly #index: FileWindow;
  readonly #metadata: FileWindow;
  readonly #data: FileWindow;
  /** The current window of the metadata file, as one character per byte. */
  #characters = "";
  #charactersOf: Uint8Array | undefined;

  constructor(
    storage: Storage,
    directory: string,
    private readonly topic: string,
    private readonly partition: number,
  ) {
    const open = (file: string, aheadBytes: number) =>
      new FileWindow(storage, `${directory}/${file}`, aheadBytes);
    this.#index = open(INDEX_FILE, INDEX_AHEAD_BYTES);
    this.#metadata = open(METADATA_FILE, METADATA_AHEAD_BYTES);
    this.#data = open(DATA_FILE, DATA_AHEAD_BYTES);
  }

  /** The index entry of an event. */
  entryOf(id: number): IndexEntry {
    const at = this.#index.locate(id * ENTRY_BYTES, ENTRY_BYTES);
    if (at < 0) throw this.#damage(id, this.#index, id * ENTRY_BYTES, "the file became shorter");
    return readEntry(this.#index.view, at);
  }

  /** Whether the file is large enough for the metadata. */
  hasMetadata({ metadataOffset, metadataSize }: IndexEntry): boolean {
    return isIn(this.#metadata, metadataOffset, metadataSize);
  }

  /** Throws unless the metadata exists and, unless it is bare, is a record. */
  checkMetadata(id: number, { metadataOffset, metadataSize }: IndexEntry, isBare: boolean): void {
    const file = this.#metadata;
    if (!isIn(file, metadataOffset, metadataSize)) {
      throw this.#damage(id, file, file.size, "the metadata ends past the end of the file");
    }
    if (isBare) return;
    const at = metadataSize < LENGTH_BYTES ? -1 : file.locate(metadataOffset, LENGTH_BYTES);
    if (at < 0 || readUint64(file.view, at) !== metadataSize - LENGTH_BYTES) {
      throw this.#damage(id, file, metadataOffset, "the length of the metadata is not what the index says");
    }
  }

  /** Throws unless the data part exists. */
  checkData(id: number, { dataOffset, dataSize }: IndexEntry): void {
    const file = this.#data;
    if (isIn(file, dataOffset, dataSize)) return;
    throw this.#damage(id, file, file.size, "the data part ends past the end of the file");
  }

  /** Metadata as stored. */
  metadataBytes(id: number, offset: number, size: number): Uint8Array {
    return this.#metadata.range(offset, size) ?? this.#shorter(id, this.#metadata, offset);
  }

  /** Metadata as text. */
  metadataText(id: number, offset: number, size: number): string {
    const file = this.#metadata;
    const at = file.locate(offset, size);
    if (at < 0) return this.#shorter(id, file, offset);
    const { bytes } = file;
    if (size <= SHORT_TEXT_BYTES_MAX && isAscii(bytes, at, at + size)) {
      if (this.#charactersOf !== bytes) {
        this.#characters = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
        this.#charactersOf = bytes;
      }
      return this.#characters.slice(at, at + size);
    }
    try {
      return decoder.decode(bytes.subarray(at, at + size));
    } catch {
      throw this.#damage(id, file, offset, "the metadata is not UTF-8");
    }
  }

  /** Metadata in pieces. */
  async *metadataPieces(id: number, offset: number, size: number): AsyncGenerator<Uint8Array, void, void> {
    yield* this.#pieces(id, this.#metadata, { offset, size });
  }

  /** A data part: whole, or in pieces if it is large. */
  data(id: number, { dataOffset, dataSize }: IndexEntry): Uint8Array | AsyncIterable<Uint8Array> {
    if (dataSize > WHOLE_DATA_BYTES_MAX) {
      return this.#pieces(id, this.#data, { offset: dataOffset, size: dataSize });
    }
    return this.#data.range(dataOffset, dataSize) ?? this.#shorter(id, this.#data, dataOffset);
  }

  /** The error for damaged metadata. */
  metadataDamage(id: number, offset: number, reason: string): CorruptedLogError {
    return this.#damage(id, this.#metadata, offset, reason);
  }

  [Symbol.dispose](): void {
    this.#index[Symbol.dispose]();
    this.#metadata[Symbol.dispose]();
    this.#data[Symbol.dispose]();
  }

  async *#pieces(
    id: number,
    file: FileWindow,
    { offset, size }: { offset: number; size: number },
  ): AsyncGenerator<Uint8Array, void, void> {
    for (let at = 0; at < size; at += DATA_AHEAD_BYTES) {
      const bytes = file.range(offset + at, Math.min(DATA_AHEAD_BYTES, size - at));
      yield bytes ?? this.#shorter(id, file, offset + at);
    }
  }

  #shorter(id: number, file: FileWindow, offset: number): never {
    throw this.#damage(id, file, offset, "the file became shorter");
  }

  #damage(id: number, file: FileWindow, offset: number, reason: string): CorruptedLogError {
    const { topic, partition } = this;
    return new CorruptedLogError({
      topic,
      partition,
      firstId: id,
      endId: id + 1,
      file: file.path,
      offset,
      reason,
    });
  }
}

/** Both may be Infinity, or their sum inexact. */
function isIn(file: FileWindow, offset: number, size: number): boolean {
  return size <= file.size && offset <= file.size - size;
}

function isAscii(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (bytes[at]! > 0x7f) return false;
  return true;
}
