import { type CorruptedLogError, LimitExceededError } from "../errors.ts";
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
import { INDEX_AHEAD_BYTES, PartitionFiles } from "./partition_files.ts";
import { counted } from "../text/counted.ts";

/** Metadata is read into memory unless it is moved; no driver stores metadata larger than this. */
export const WHOLE_METADATA_BYTES_MAX = 64 * 1024 * 1024;

/** An event of a topic in the C++ layout. */
export interface CppEvent {
  id: number;
  /** The metadata as JSON text; empty if not requested. */
  document: string;
  /** Size of the metadata in bytes. */
  metadataBytes: number;
  dataBytes: number;
  /** The metadata as stored, valid until the next event is requested. */
  metadata(): Uint8Array;
  /** Reads the data part; must be called, and a stream consumed, before the next event is requested. */
  data(): Uint8Array | AsyncIterable<Uint8Array>;
  /** The error for damaged metadata. */
  damage(reason: string): CorruptedLogError;
}

/** How to read events. */
interface EventsRequest {
  /** Whether metadata is bare bytes of another serializer rather than JSON text in records. */
  isBare?: boolean;
  /**
   * How to handle larger metadata, which is not read as text. Without this, metadata that is too large is an
   * error.
   */
  large?: { bytesMax: number; toEvent: (event: StoredEvent) => CppEvent | undefined };
}

/** One partition in the C++ layout. */
export class CppPartition {
  /** Number of events when this object was created. */
  readonly count: number;
  /** Total size of the metadata and data files. */
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
   * The events from an id on. Throws `CorruptedLogError` if the index refers to missing bytes, or to something
   * that is not a record.
   */
  *events(fromId = 0, { isBare = false, large }: EventsRequest = {}): Generator<CppEvent, void, void> {
    if (fromId >= this.count) return;
    using files = new PartitionFiles(this.storage, this.directory, this.topic, this.partition);
    const lengthBytes = isBare ? 0 : LENGTH_BYTES;
    const bytesMax = lengthBytes + (large?.bytesMax ?? WHOLE_METADATA_BYTES_MAX);
    for (let id = fromId; id < this.count; id++) {
      const entry = files.entryOf(id);
      const isLarge = entry.metadataSize > bytesMax;
      if (isLarge && large === undefined && files.hasMetadata(entry)) throw this.#tooLarge(id, entry);
      files.checkMetadata(id, entry, isBare);
      files.checkData(id, entry);
      const event = new StoredEvent(files, id, entry, lengthBytes);
      if (isLarge) {
        const other = large!.toEvent(event);
        if (other !== undefined) yield other;
        continue;
      }
      if (!isBare) event.readDocument();
      yield event;
    }
  }

  /** Ids of the events whose metadata is larger than that. */
  idsWithMetadataAbove(bytes: number, { isBare = false } = {}): number[] {
    const ids: number[] = [];
    const sizeMax = bytes + (isBare ? 0 : LENGTH_BYTES);
    const fileBytes = this.storage.stat(this.metadataPath)?.bytes ?? 0;
    for (const [id, { metadataSize, metadataOffset }] of this.#entries()) {
      // Missing bytes are damage, which is reported when the event is read.
      if (metadataSize > sizeMax && metadataOffset + metadataSize <= fileBytes) ids.push(id);
    }
    return ids;
  }

  /** Whether there is a larger data part than that. */
  hasDataAbove(bytes: number): boolean {
    for (const [_id, { dataSize }] of this.#entries()) if (dataSize > bytes) return true;
    return false;
  }

  /** Path of the metadata file. */
  get metadataPath(): string {
    return `${this.directory}/${METADATA_FILE}`;
  }

  /** Whether the first event's metadata exists but is not a record, i.e. a length followed by that many bytes. */
  get beginsWithoutRecord(): boolean {
    const [first] = this.#entries();
    if (first === undefined) return false;
    using metadata = new FileWindow(this.storage, this.metadataPath, LENGTH_BYTES);
    const { metadataOffset, metadataSize } = first[1];
    if (metadataOffset + metadataSize > metadata.size) return false;
    if (metadataSize < LENGTH_BYTES) return true;
    const at = metadata.locate(metadataOffset, LENGTH_BYTES);
    return at >= 0 && readUint64(metadata.view, at) !== metadataSize - LENGTH_BYTES;
  }

  *#entries(): Generator<[id: number, entry: IndexEntry], void, void> {
    if (this.count === 0) return;
    using index = new FileWindow(this.storage, `${this.directory}/${INDEX_FILE}`, INDEX_AHEAD_BYTES);
    for (let id = 0; id < this.count; id++) {
      const at = index.locate(id * ENTRY_BYTES, ENTRY_BYTES);
      if (at < 0) return;
      yield [id, readEntry(index.view, at)];
    }
  }

  #tooLarge(id: number, { metadataSize }: IndexEntry): LimitExceededError {
    return new LimitExceededError(
      `Cannot read topic "${this.topic}" partition ${this.partition} event ${id}: its index entry says that its ` +
        `metadata has ${counted(metadataSize, "byte")}, more than ${WHOLE_METADATA_BYTES_MAX}`,
    );
  }
}

/** An event whose metadata and data are read from the files on demand. */
export class StoredEvent implements CppEvent {
  document = "";

  constructor(
    private readonly files: PartitionFiles,
    readonly id: number,
    private readonly entry: IndexEntry,
    private readonly lengthBytes: number,
  ) {}

  get metadataBytes(): number {
    return this.entry.metadataSize - this.lengthBytes;
  }

  get dataBytes(): number {
    return this.entry.dataSize;
  }

  get #metadataOffset(): number {
    return this.entry.metadataOffset + this.lengthBytes;
  }

  /** Reads the metadata as text. */
  readDocument(): void {
    this.document = this.files.metadataText(this.id, this.#metadataOffset, this.metadataBytes);
  }

  metadata(): Uint8Array {
    return this.files.metadataBytes(this.id, this.#metadataOffset, this.metadataBytes);
  }

  data(): Uint8Array | AsyncIterable<Uint8Array> {
    return this.files.data(this.id, this.entry);
  }

  /** The data followed by the metadata. */
  async *dataAndMetadata(): AsyncGenerator<Uint8Array, void, void> {
    const data = this.data();
    if (!(data instanceof Uint8Array)) yield* data;
    else if (data.length > 0) yield data;
    yield* this.files.metadataPieces(this.id, this.#metadataOffset, this.metadataBytes);
  }

  damage(reason: string): CorruptedLogError {
    return this.files.metadataDamage(this.id, this.#metadataOffset, reason);
  }
}
