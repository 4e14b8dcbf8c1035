import { InvalidOptionError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, PartitionInfo, PartitionSelector } from "../contract.ts";
import { parsePointer, valueAt } from "../../text/json_pointer.ts";
import { DefaultPartitionSelector, requestedPartition } from "./default.ts";
import { stableHash, stableHashOfQuoted } from "./stable_hash.ts";

/**
 * Sends events with equal keys to the same partition, in every process and on every machine. The key is the value
 * at a JSON pointer in the metadata, of any type. Events without a key are distributed round-robin; a requested
 * partition is taken modulo the count, as with the default selector.
 *
 * @example
 * ```ts
 * import { Driver, KeyPartitionSelector } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * const partitionSelector = new KeyPartitionSelector("/user/id");
 * await driver.createTopic("clicks", { num_partitions: 8 }, { partitionSelector });
 * ```
 */
export class KeyPartitionSelector implements PartitionSelector {
  readonly #pointer: string;
  readonly #keys: readonly string[];
  readonly #roundRobin = new DefaultPartitionSelector();
  #count = 0;

  /** `pointer` is the JSON pointer of the key, e.g. `"/user/id"`; `""` is the whole metadata. */
  constructor(pointer: string) {
    const keys = parsePointer(pointer);
    if (keys === undefined) throw wrongPointer(pointer);
    this.#pointer = pointer;
    this.#keys = keys;
  }

  /** Creates the selector from its document. */
  static fromDocument(document: ComponentDocument): KeyPartitionSelector {
    if (typeof document.pointer !== "string") throw wrongPointer(document.pointer);
    return new KeyPartitionSelector(document.pointer);
  }

  /** Called with the topic's partitions. */
  setPartitions(infos: readonly PartitionInfo[]): void {
    this.#count = infos.length;
    this.#roundRobin.setPartitions(infos);
  }

  /** The partition of the event's key. */
  selectPartitionFor(metadata: JsonValue, requested?: number): number {
    if (requested !== undefined) return requestedPartition(requested, this.#count);
    const key = valueAt(metadata, this.#keys);
    if (key === undefined) return this.#roundRobin.selectPartitionFor(metadata);
    return (typeof key === "string" ? stableHashOfQuoted(key) : stableHash(canonicalJson(key))) % this.#count;
  }

  /** The document that recreates this selector. */
  config(): ComponentDocument {
    return { type: "key", pointer: this.#pointer };
  }
}

/** Canonical JSON text, the same for equal values: no spaces, object keys ordered by their UTF-16 code units. */
function canonicalJson(value: JsonValue): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.entries(value).sort(([one], [other]) => one < other ? -1 : 1)
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

function wrongPointer(found: JsonValue | undefined): InvalidOptionError {
  return new InvalidOptionError(
    "pointer",
    `Cannot make partition selector "key": expected a JSON pointer such as "/user/id" under "pointer", ` +
      `found ${found === undefined ? "nothing" : JSON.stringify(found)}`,
  );
}
