import { DataDescriptor } from "../data_descriptor.ts";
import type { JsonValue } from "../json.ts";
import { type DataAllocator, type DataSelector, FullDataSelector } from "./data_selection.ts";
import type { EventBatch } from "../event/event_batch.ts";
import { allocated, checkBelongs, loadData, loadWhole } from "../event/load_data.ts";

type Buffers = readonly Uint8Array[] | undefined;

/** Loads what the selector wants of an event's data, where the allocator wants it. */
export class DataDelivery {
  readonly #selector: DataSelector<JsonValue>;
  readonly #allocator: DataAllocator<JsonValue> | undefined;

  constructor(selector: DataSelector<JsonValue>, allocator: DataAllocator<JsonValue> | undefined) {
    this.#selector = selector;
    this.#allocator = allocator;
  }

  /** Whether everything is selected, and no allocator gives the memory. */
  get isWhole(): boolean {
    return this.#selector === FullDataSelector && this.#allocator === undefined;
  }

  /** The buffers with the selected bytes of one event; undefined when none are selected. */
  deliver(batch: EventBatch, index: number): Buffers | Promise<Buffers> {
    if (this.isWhole) {
      // Asking would parse the metadata for nothing.
      return loadWhole(batch.incoming, index);
    }
    const metadata = batch.metadata(index);
    const descriptor = new DataDescriptor(batch.incoming.dataSize(index), batch.locationOf(index));
    const selected = this.#selector(metadata, descriptor);
    if (selected instanceof Promise) {
      return selected.then((later) => this.#load(batch, index, metadata, later));
    }
    return this.#load(batch, index, metadata, selected);
  }

  #load(
    batch: EventBatch,
    index: number,
    metadata: JsonValue,
    selected: DataDescriptor | null | undefined,
  ): Buffers | Promise<Buffers> {
    if (selected === null || selected === undefined) return undefined;
    const { incoming } = batch;
    // A descriptor of nothing, made by the selector, means none.
    if (selected.totalSize === 0 && incoming.dataSize(index) > 0) return undefined;
    checkBelongs(selected, incoming.dataSize(index));
    if (this.#allocator === undefined || selected.size === 0) return loadData(incoming, index, selected);
    const answer = this.#allocator(metadata, selected);
    if (answer instanceof Promise) {
      return answer.then((later) => loadData(incoming, index, selected, allocated(later, selected.size)));
    }
    return loadData(incoming, index, selected, allocated(answer, selected.size));
  }
}
