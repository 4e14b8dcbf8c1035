import { NoSuchPartitionError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, PartitionInfo, PartitionSelector } from "../contract.ts";

/** Selects partitions round-robin; a requested partition is taken modulo their count. */
export class DefaultPartitionSelector implements PartitionSelector {
  /** JSON text need not be parsed. */
  readonly ignoresMetadata = true;
  #count = 0;
  #next = 0;

  /** Called with the topic's partitions. */
  setPartitions(infos: readonly PartitionInfo[]): void {
    this.#count = infos.length;
    if (this.#next >= infos.length) this.#next = 0;
  }

  /** The next partition in the rotation, or the requested one. */
  selectPartitionFor(_metadata: JsonValue, requested?: number): number {
    if (requested !== undefined) return requestedPartition(requested, this.#count);
    const selected = this.#next;
    this.#next = selected + 1 < this.#count ? selected + 1 : 0;
    return selected;
  }

  /** The document that recreates this selector. */
  config(): ComponentDocument {
    return { type: "default" };
  }
}

/** The partition requested by number, modulo the count as in the C++ library. */
export function requestedPartition(requested: number, count: number): number {
  if (!Number.isSafeInteger(requested) || requested < 0) throw new NoSuchPartitionError(requested, count);
  return requested % count;
}
