/**
 * The portable archive: a tar file, compressed or not, that any tool can look into.
 *
 * ```text
 * topic.json                                   what the topic was created with
 * events/00000003/00000000000000012345.jsonl   a run of events of partition 3, the first one with that id:
 *                                              {"id":…,"timestamp":…,"data_size":…,"metadata":…} a line
 * events/00000003/00000000000000012345.data    their data parts, back to back; missing when there are none
 * …
 * manifest.json                                the last entry: how much there is, and the SHA-256 of each entry
 * ```
 *
 * @module
 */
import type { ComponentDocument, JsonObject } from "../../../../mod.ts";

/** Version written, and the only one read. */
export const ARCHIVE_FORMAT = 1;
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
}

/** Content of `manifest.json`. */
export interface Manifest {
  events: number;
  data_bytes: number;
  /** SHA-256 in hex by entry name. */
  sha256: Record<string, string>;
}

/** One line of a `.jsonl` entry, without its metadata. */
export interface EventLine {
  id: number;
  timestamp: number;
  data_size: number;
}

/** The name of a run of events, without its ending. */
export function runName(partition: number, firstId: number): string {
  return `events/${String(partition).padStart(8, "0")}/${String(firstId).padStart(20, "0")}`;
}

/** The partition in a run's name; undefined when the entry is none. */
export function partitionOfRun(name: string): number | undefined {
  const match = /^events\/(\d{8})\/\d{20}\.(?:jsonl|data)$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}
