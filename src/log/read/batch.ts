import type { DataRange, IncomingBatch } from "../../contract.ts";
import { scatter } from "../../contract/scatter.ts";
import { type FrameMark, markOf } from "../positions/position_slot.ts";
import type { StoredFrame } from "./stored_frame.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * The most metadata in one batch, unless one event has more. Texts of this size live and die in the young generation of
 * the heap; larger ones cost several times as much per byte.
 */
const METADATA_RUN_BYTES = 96 * 1024;

/** Some or all events of one stored frame, as readers return them. */
export class StoredBatch implements IncomingBatch {
  readonly partition: number;
  readonly baseId: number;
  readonly count: number;
  readonly hasMore: boolean;
  readonly timestamp: number;
  readonly mark: FrameMark;
  joinedText?(): string;
  metadataText?(index: number): string;
  readonly #frame: StoredFrame;
  readonly #first: number;

  /** `metadata` are those of the events, as the frame returns them. */
  constructor(
    frame: StoredFrame,
    protected readonly metadata: string | Uint8Array,
    run: { partition: number; baseId: number; first: number; count: number; hasMore: boolean },
  ) {
    this.partition = run.partition;
    this.baseId = run.baseId;
    this.count = run.count;
    this.hasMore = run.hasMore;
    this.timestamp = frame.entry.frame.time;
    this.mark = markOf(frame.entry.frame);
    this.#frame = frame;
    this.#first = run.first;
  }

  metadataBytes(index: number): Uint8Array {
    const { metadata } = this;
    const [from, to] = this.range(index);
    return typeof metadata === "string"
      ? encoder.encode(metadata.slice(from, to))
      : metadata.subarray(from, to);
  }

  dataSize(index: number): number {
    return this.#frame.dataSize(this.#first + index);
  }

  viewData(index: number, range: DataRange): Uint8Array {
    return this.#frame.viewData(this.#first + index, range.offset, range.size);
  }

  readData(index: number, ranges: readonly DataRange[], into: readonly Uint8Array[]): void {
    scatter(ranges, into, (offset, target) => this.#frame.fill(this.#first + index, offset, target));
  }

  /** The range of one event's metadata in that of the batch. */
  protected range(index: number): [from: number, to: number] {
    const { metadataStarts: starts, isText } = this.#frame;
    const at = this.#first + index;
    const base = starts[this.#first]!;
    return [starts[at]! - base, starts[at + 1]! - base - (isText ? 1 : 0)];
  }
}

/**
 * Events whose metadata is JSON text. A subclass instead of closures made for each batch, because V8 keeps objects
 * that hold closures until the next full garbage collection.
 */
export class StoredTextBatch extends StoredBatch {
  override joinedText(): string {
    const { metadata } = this;
    return typeof metadata === "string" ? metadata : decoder.decode(metadata);
  }

  override metadataText(index: number): string {
    const { metadata } = this;
    const [from, to] = this.range(index);
    return typeof metadata === "string"
      ? metadata.slice(from, to)
      : decoder.decode(metadata.subarray(from, to));
  }
}

/** The end of a run of events that is short enough for one batch's metadata; at least one event. */
export function endOfRun(starts: readonly number[], first: number, end: number): number {
  const limit = starts[first]! + METADATA_RUN_BYTES;
  let last = end;
  while (last > first + 1 && starts[last]! > limit) last = (first + last + 1) >>> 1;
  return last;
}
