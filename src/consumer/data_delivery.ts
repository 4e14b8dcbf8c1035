import { type DataDescriptor, describeData } from "../data/descriptor.ts";
import type { JsonValue } from "../json.ts";
import { type DataAllocator, type DataSelector, FullDataSelector } from "./data_selection.ts";
import type { EventBatch } from "../event/event_batch.ts";
import { allocated, checkBelongs, loadData, loadWhole } from "../event/load_data.ts";
import { isThenable } from "../async.ts";

type Buffers = readonly Uint8Array[] | undefined;

/** Loads the selected data of events into the memory provided by the allocator. */
export class DataDelivery {
  /** Whether all data is selected, without an allocator. */
  readonly isWhole: boolean;

  constructor(
    private readonly selector: DataSelector<JsonValue>,
    private readonly allocator: DataAllocator<JsonValue> | undefined,
  ) {
    this.isWhole = selector === FullDataSelector && allocator === undefined;
  }

  /** The buffers with the selected bytes of one event; undefined if none are selected. */
  deliver(batch: EventBatch, index: number): Buffers | Promise<Buffers> {
    if (this.isWhole) {
      // Calling the selector would parse the metadata for nothing.
      return loadWhole(batch.incoming, index);
    }
    const metadata = batch.metadata(index);
    const descriptor = describeData(batch.incoming.dataSize(index), batch.ownerOf(index));
    const selected = this.selector(metadata, descriptor);
    if (isThenable(selected)) {
      return Promise.resolve(selected).then((later) => this.#load(batch, index, metadata, later));
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
    // An empty descriptor created by the selector itself selects nothing.
    if (selected.totalSize === 0 && incoming.dataSize(index) > 0) return undefined;
    checkBelongs(selected, incoming.dataSize(index));
    if (this.allocator === undefined || selected.size === 0) return loadData(incoming, index, selected);
    const answer = this.allocator(metadata, selected);
    if (isThenable(answer)) {
      return Promise.resolve(answer).then((later) =>
        loadData(incoming, index, selected, allocated(later, selected))
      );
    }
    return loadData(incoming, index, selected, allocated(answer, selected));
  }
}
