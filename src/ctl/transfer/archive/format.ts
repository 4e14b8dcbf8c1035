/**
 * The portable archive: a tar file, compressed or not, that any tool can look into.
 *
 * ```text
 * topic.json                                   what the topic was created with
 * events/00000003/00000000000000012345.jsonl   a run of events of partition 3, the first one with that id:
 *                                              {"id":…,"timestamp":…,"data_size":…,"metadata":…} a line
 * events/00000003/00000000000000012345.data    their data parts, back to back; missing when there are none
 * …
 *                                              (or "metadata_text":"…": the text of a document with line breaks)
 * manifest.json                                the last entry: how much there is, and the SHA-256 of each entry
 * ```
 *
 * If the topic's serializer was not loaded, `topic.json` has `"metadata": "base64"`, and the metadata of each event
 * is the serializer's raw bytes, encoded in base64.
 *
 * @module
 */
import type { ComponentDocument, JsonObject } from "../../../../mod.ts";

/** Format version, unless metadata is raw bytes. */
export const ARCHIVE_FORMAT = 1;
/** Format version with metadata as raw bytes; readers of version 1 must not take them for text. */
export const ARCHIVE_FORMAT_BYTES = 2;
export const TOPIC_ENTRY = "topic.json";
export const MANIFEST_ENTRY = "manifest.json";

/** Content of `topic.json`. */
export interface TopicEntry {
  format: number;
  name: string;
  options: JsonObject;
  validator: ComponentDocument;
  serializer: ComponentDocument;
  partition_selector: ComponentDocument;
  /** The encoding of metadata; JSON documents if missing. */
  metadata?: "base64";
}

/** Content of `manifest.json`. */
export interface Manifest {
  events: number;
  data_bytes: number;
  /** SHA-256 in hex by entry name. */
  sha256: Record<string, string>;
}

/** The name of a run of events, without its extension. */
export function runName(partition: number, firstId: number): string {
  return `events/${String(partition).padStart(8, "0")}/${String(firstId).padStart(20, "0")}`;
}

/** An entry that belongs to a run. */
interface RunEntry {
  /** Its name without the extension. */
  base: string;
  partition: number;
  firstId: number;
  holds: "lines" | "data";
}

/** Parses the name of a run's entry; undefined if it is not one. */
export function runOf(name: string): RunEntry | undefined {
  const [, base, partition, firstId, ending] = /^(events\/(\d{8})\/(\d{20}))\.(jsonl|data)$/.exec(name) ?? [];
  if (base === undefined) return undefined;
  return {
    base,
    partition: Number(partition),
    firstId: Number(firstId),
    holds: ending === "jsonl" ? "lines" : "data",
  };
}
