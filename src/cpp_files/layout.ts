/**
 * The layout of the C++ "files" driver, version 0.5.2:
 *
 * ```text
 * <root_path>/<topic>/validator.json  serializer.json  partition-selector.json
 * <root_path>/<topic>/partitions/00000000/     one folder a partition; files appear when the topic is first opened
 *     metadata     a record an event: its length L (8), then L bytes of JSON
 *     data         data parts, back to back
 *     index        an entry an event: metadata offset (8), size of the record (8), data offset (8), data size (8)
 * ```
 *
 * Numbers are little-endian. An event's id is its position in the index, and only the index says which events
 * exist: after a crash the other files may contain bytes without an entry. There are no checksums, timestamps or
 * consumer positions.
 *
 * @module
 */
import type { ComponentDocument } from "../contract.ts";

/** File names of the component documents. */
export const COMPONENT_FILES = {
  validator: "validator.json",
  serializer: "serializer.json",
  partitionSelector: "partition-selector.json",
} as const;

/** The components of a topic. */
export interface Components {
  validator: ComponentDocument;
  serializer: ComponentDocument;
  partitionSelector: ComponentDocument;
}

export const PARTITIONS_FOLDER = "partitions";
export const METADATA_FILE = "metadata";
export const DATA_FILE = "data";
export const INDEX_FILE = "index";

/** Bytes of one index entry. */
export const ENTRY_BYTES = 32;
/** Bytes of the length before each metadata text. */
export const LENGTH_BYTES = 8;

/** The position of an event in the files of its partition. */
export interface IndexEntry {
  metadataOffset: number;
  /** Size of the record: the length prefix and the text. */
  metadataSize: number;
  dataOffset: number;
  dataSize: number;
}

/** Reads an entry. A value larger than any file becomes `Infinity`, which is out of every bound. */
export function readEntry(view: DataView, at: number): IndexEntry {
  return {
    metadataOffset: readUint64(view, at),
    metadataSize: readUint64(view, at + 8),
    dataOffset: readUint64(view, at + 16),
    dataSize: readUint64(view, at + 24),
  };
}

/** Writes an entry. */
export function writeEntry(view: DataView, at: number, entry: IndexEntry): void {
  writeUint64(view, at, entry.metadataOffset);
  writeUint64(view, at + 8, entry.metadataSize);
  writeUint64(view, at + 16, entry.dataOffset);
  writeUint64(view, at + 24, entry.dataSize);
}

const TWO_32 = 2 ** 32;

/** An eight-byte number; `Infinity` if it is not a safe integer. */
export function readUint64(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : Infinity;
}

/** Writes a safe integer as eight bytes. */
export function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % TWO_32, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}
