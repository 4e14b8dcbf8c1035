/**
 * Metadata and data as one value, for stores that keep only one: the size of the metadata in four bytes, the
 * metadata as JSON text, the data. Without data, only the text.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { JsonValue } from "../../mod.ts";
import type { See } from "./peer.ts";

/** One event as bytes; its metadata is ASCII. */
export function encodeRecord(
  metadata: JsonValue,
  data: Uint8Array | undefined,
): Buffer {
  const text = JSON.stringify(metadata);
  if (data === undefined) return Buffer.from(text, "latin1");
  const record = Buffer.allocUnsafe(4 + text.length + data.byteLength);
  record.writeUInt32LE(text.length, 0);
  record.write(text, 4, "latin1");
  record.set(data, 4 + text.length);
  return record;
}

/** Calls `see` with an event that {@linkcode encodeRecord} wrote. */
export function decodeRecord(
  record: Buffer,
  see: See,
  withData: boolean,
): void {
  if (!withData) {
    return see(record.toString("latin1"), undefined);
  }
  const end = 4 + record.readUInt32LE(0);
  see(record.toString("latin1", 4, end), record.subarray(end));
}
