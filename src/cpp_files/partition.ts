import { CorruptedLogError, LimitExceededError } from "../errors.ts";
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

/** Bytes read ahead of each file: index, metadata, data. */
const INDEX_AHEAD_BYTES = 64 * 1024;
const METADATA_AHEAD_BYTES = 1024 * 1024;
const DATA_AHEAD_BYTES = 4 * 1024 * 1024;
/** Metadata are read whole; no driver stores so many bytes of them. */
const METADATA_BYTES_MAX = 64 * 1024 * 1024;
/** Larger data parts are given in pieces. */
const WHOLE_DATA_BYTES_MAX = 64 * 1024 * 1024;

/** An event of a topic in the C++ layout. */
export interface CppEvent {
  id: number;
  /** The metadata as JSON text; empty where it was not asked for. */
  document: string;
  /** The metadata as they are stored, until the next event is asked for. */
  metadata: Uint8Array;
  /** Size of the metadata in bytes. */
  metadataBytes: number;
  dataBytes: number;
  /** Reads the data part; must be called, and a stream used up, before the next event is asked for. */
  data(): Uint8Array | AsyncIterable<Uint8Array>;
  /** The error that says what is wrong with the metadata. */
  damage(reason: string): CorruptedLogError;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One partition in the C++ layout. */
export class CppPartition {
  /** Events that were there when this was made. */
  readonly count: number;
  /** Size of the metadata and data files. */
  readonly bytes: number;

  constructor(
    private readonly storage: Storage,
    private readonly directory: string,
    private readonly topic: string,
    readonly partition: number,
  ) {
    const sizeOf = (file: string): number => storage.stat(`${directory}/${file}`)?.bytes ?? 0;
    this.count = Math.floor(sizeOf(INDEX_FILE) / ENTRY_BYTES);
    this.bytes = sizeOf(METADATA_FILE) + sizeOf(DATA_FILE);
  }

  /**
   * The events from an id on. Throws `CorruptedLogError` where the index refers to what is not there, or to what
   * is not a record. With `isBare` metadata are bytes of whatever serializer, not JSON text in records.
   */
  *events(fromId = 0, { isBare = false } = {}): Generator<CppEvent, void, void> {
    if (fromId >= this.count) return;
    using index = this.#open(INDEX_FILE, INDEX_AHEAD_BYTES);
    using metadata = this.#open(METADATA_FILE, METADATA_AHEAD_BYTES);
    using data = this.#open(DATA_FILE, DATA_AHEAD_BYTES);
    for (let id = fromId; id < this.count; id++) {
      const bytes = index.range(id * ENTRY_BYTES, ENTRY_BYTES);
      if (bytes === undefined) throw this.#damage(id, index, id * ENTRY_BYTES, "the file became shorter");
      const entry = readEntry(viewOf(bytes), 0);
      const text = this.#metadataAt(id, entry, metadata, isBare);
      const { dataOffset, dataSize } = entry;
      if (dataSize > data.size || dataOffset > data.size - dataSize) {
        throw this.#damage(id, data, data.size, `the data part ends past the end of the file`);
      }
      yield {
        id,
        document: isBare ? "" : this.#decode(id, text, metadata, entry.metadataOffset),
        metadata: text,
        metadataBytes: text.length,
        dataBytes: dataSize,
        data: () => this.#dataAt(id, entry, data),
        damage: (reason) =>
          this.#damage(id, metadata, entry.metadataOffset + (isBare ? 0 : LENGTH_BYTES), reason),
      };
    }
  }

  /** Whether some event has a data part of more bytes than that. */
  hasDataAbove(bytes: number): boolean {
    if (this.count === 0) return false;
    using index = this.#open(INDEX_FILE, INDEX_AHEAD_BYTES);
    for (let id = 0; id < this.count; id++) {
      const entry = index.range(id * ENTRY_BYTES, ENTRY_BYTES);
      if (entry !== undefined && readEntry(viewOf(entry), 0).dataSize > bytes) return true;
    }
    return false;
  }

  /** Path of the file with the metadata. */
  get metadataPath(): string {
    return `${this.directory}/${METADATA_FILE}`;
  }

  /** Whether the first event's metadata are there, and are not a record: a length, and as many bytes. */
  get beginsWithoutRecord(): boolean {
    if (this.count === 0) return false;
    using index = this.#open(INDEX_FILE, ENTRY_BYTES);
    using metadata = this.#open(METADATA_FILE, LENGTH_BYTES);
    const bytes = index.range(0, ENTRY_BYTES);
    if (bytes === undefined) return false;
    const { metadataOffset, metadataSize } = readEntry(viewOf(bytes), 0);
    if (metadataOffset + metadataSize > metadata.size) return false;
    if (metadataSize < LENGTH_BYTES) return true;
    const length = metadata.range(metadataOffset, LENGTH_BYTES);
    return length !== undefined && readUint64(viewOf(length), 0) !== metadataSize - LENGTH_BYTES;
  }

  #metadataAt(
    id: number,
    { metadataOffset, metadataSize }: IndexEntry,
    file: FileWindow,
    isBare: boolean,
  ): Uint8Array {
    if (metadataSize > METADATA_BYTES_MAX && metadataSize <= file.size) {
      const { topic, partition } = this;
      throw new LimitExceededError(
        `Cannot read topic "${topic}" partition ${partition} event ${id}: its index entry says that its metadata ` +
          `have ${metadataSize} bytes, more than ${METADATA_BYTES_MAX}`,
      );
    }
    const record = file.range(metadataOffset, metadataSize);
    if (record === undefined) {
      throw this.#damage(id, file, file.size, "the metadata ends past the end of the file");
    }
    if (isBare) return record;
    const length = metadataSize < LENGTH_BYTES ? -1 : readUint64(viewOf(record), 0);
    if (length !== metadataSize - LENGTH_BYTES) {
      throw this.#damage(id, file, metadataOffset, "the length of the metadata is not what the index says");
    }
    return record.subarray(LENGTH_BYTES);
  }

  #decode(id: number, text: Uint8Array, file: FileWindow, offset: number): string {
    try {
      return decoder.decode(text);
    } catch {
      throw this.#damage(id, file, offset + LENGTH_BYTES, "the metadata is not UTF-8");
    }
  }

  #dataAt(id: number, entry: IndexEntry, file: FileWindow): Uint8Array | AsyncIterable<Uint8Array> {
    const { dataOffset, dataSize } = entry;
    if (dataSize > WHOLE_DATA_BYTES_MAX) return this.#pieces(id, entry, file);
    return this.#piece(id, file, dataOffset, dataSize);
  }

  async *#pieces(
    id: number,
    { dataOffset, dataSize }: IndexEntry,
    file: FileWindow,
  ): AsyncGenerator<Uint8Array, void, void> {
    for (let at = 0; at < dataSize; at += DATA_AHEAD_BYTES) {
      yield await this.#piece(id, file, dataOffset + at, Math.min(DATA_AHEAD_BYTES, dataSize - at));
    }
  }

  #piece(id: number, file: FileWindow, offset: number, size: number): Uint8Array {
    const bytes = file.range(offset, size);
    if (bytes === undefined) throw this.#damage(id, file, offset, "the file became shorter");
    return bytes;
  }

  #open(file: string, aheadBytes: number): FileWindow {
    return new FileWindow(this.storage, `${this.directory}/${file}`, aheadBytes);
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

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
