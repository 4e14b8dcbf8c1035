import type { DataRange, IncomingBatch } from "../drivers/contract.ts";
import type { StoredFrame } from "./stored_frame.ts";

/** Some or all events of one stored frame, as readers get them. */
export class StoredBatch implements IncomingBatch {
  readonly partition: number;
  readonly baseId: number;
  readonly count: number;
  readonly joinedText?: () => string;
  readonly metadataText?: (index: number) => string;
  readonly #frame: StoredFrame;
  readonly #first: number;

  constructor(
    frame: StoredFrame,
    place: { partition: number; baseId: number; first: number; count: number },
  ) {
    this.partition = place.partition;
    this.baseId = place.baseId;
    this.count = place.count;
    this.#frame = frame;
    this.#first = place.first;
    if (frame.isText) {
      this.joinedText = () => frame.joinedText(place.first, place.count);
      this.metadataText = (index) => frame.metadataText(place.first + index);
    }
  }

  get timestamp(): number {
    return this.#frame.time;
  }

  metadataBytes(index: number): Uint8Array {
    return this.#frame.metadataBytes(this.#first + index);
  }

  dataSize(index: number): number {
    return this.#frame.dataSize(this.#first + index);
  }

  viewData(index: number, range: DataRange): Uint8Array {
    return this.#frame.viewData(this.#first + index, range.offset, range.size);
  }

  readData(index: number, ranges: readonly DataRange[], into: readonly Uint8Array[]): void {
    let target = 0;
    let filled = 0;
    for (const range of ranges) {
      for (let done = 0; done < range.size;) {
        while (filled === into[target].byteLength) {
          target++;
          filled = 0;
        }
        const size = Math.min(range.size - done, into[target].byteLength - filled);
        this.#frame.fill(
          this.#first + index,
          range.offset + done,
          into[target].subarray(filled, filled + size),
        );
        done += size;
        filled += size;
      }
    }
  }
}
