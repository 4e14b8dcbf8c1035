import type { DataRange } from "../contract.ts";
import { DataRangeError } from "../errors.ts";
import { makeInspectable } from "../inspect.ts";
import type { JsonObject } from "../json.ts";
import { counted } from "../text/counted.ts";
import { literal } from "../text/quoted.ts";

/** Which event a data part belongs to. */
interface Owner {
  topic: string;
  partition: number;
  id: number;
}

/** Describes the whole data part of an event; its location is put together when someone asks. */
export let describeData: (size: number, owner: Owner) => DataDescriptor;
/** What {@linkcode DataDescriptor.flatten} returns, without a copy: for what reads it and keeps nothing. */
export let rangesOf: (descriptor: DataDescriptor) => readonly DataRange[];

/**
 * Describes which bytes of an event's data part are meant: all of them, or a subset. Views of views compose:
 * offsets count from the start of the view they are made from. Creating one reads and copies nothing.
 *
 * @example
 * ```ts
 * import { DataDescriptor } from "@diaspora/stream";
 *
 * const image = new DataDescriptor(4 * 4); // a raster of 4 rows with 4 bytes each
 * const corner = image.makeSubView(8, 8).makeStridedView(0, 2, 2, 2); // two bytes of the last two rows
 * console.log(corner.size, corner.flatten()); // 4 [ { offset: 8, size: 2 }, { offset: 12, size: 2 } ]
 * ```
 */
export class DataDescriptor {
  #location: string | Owner;
  #totalSize: number;
  #size: number;
  /** In delivery order; none is empty, and adjacent ranges are merged. */
  #ranges: readonly DataRange[];

  static {
    describeData = (size, owner) => {
      const descriptor = new DataDescriptor(size);
      descriptor.#location = owner;
      return descriptor;
    };
    rangesOf = (descriptor) => descriptor.#ranges;
  }

  /** The whole of a data part of `size` bytes; throws `DataRangeError` if that is not a size. */
  constructor(size: number, location = "") {
    checkNumber("size", size);
    this.#location = location;
    this.#totalSize = size;
    this.#size = size;
    this.#ranges = size === 0 ? [] : [{ offset: 0, size }];
  }

  /**
   * Identifies the data part: topic, partition and event id separated by slashes, the same for all of its views.
   * Empty for a descriptor that was created from a size alone.
   */
  get location(): string {
    const at = this.#location;
    return typeof at === "string" ? at : `${at.topic}/${at.partition}/${at.id}`;
  }

  /** Number of bytes described. */
  get size(): number {
    return this.#size;
  }

  /** Size of the data part this is a view of, in bytes. */
  get totalSize(): number {
    return this.#totalSize;
  }

  /** The bytes from `offset` to `offset + size`; throws `DataRangeError` if they exceed this view. */
  makeSubView(offset: number, size: number): DataDescriptor {
    return this.makeUnstructuredView([{ offset, size }]);
  }

  /**
   * `numBlocks` blocks of `blockSize` bytes with `gapSize` bytes between them, the first at `offset`. Throws
   * `DataRangeError` if a block exceeds this view; the gap after the last block may.
   */
  makeStridedView(offset: number, numBlocks: number, blockSize: number, gapSize: number): DataDescriptor {
    checkNumber("offset", offset);
    checkNumber("number of blocks", numBlocks);
    checkNumber("block size", blockSize);
    checkNumber("gap size", gapSize);
    if (numBlocks === 0 || blockSize === 0) return this.makeSubView(offset, 0);
    const stride = blockSize + gapSize;
    const end = offset + (numBlocks - 1) * stride + blockSize;
    if (end > this.size) {
      throw new DataRangeError(
        `Cannot make a strided view of ${sizeOf(this)}: its ${
          counted(numBlocks, "block")
        } of ${blockSize} end at ${end}`,
      );
    }
    if (gapSize === 0) return this.makeSubView(offset, numBlocks * blockSize);
    const pieces = Array.from(
      { length: numBlocks },
      (_, block) => ({ offset: offset + block * stride, size: blockSize }),
    );
    return this.#compose(pieces);
  }

  /**
   * Several pieces, whose bytes are delivered in the order of the argument. Throws `DataRangeError` if one exceeds
   * this view or two overlap.
   */
  makeUnstructuredView(pieces: readonly DataRange[]): DataDescriptor {
    if (!Array.isArray(pieces)) {
      throw new DataRangeError(
        `Cannot make a view: expected an array of { offset, size }, found ${literal(pieces)}`,
      );
    }
    for (const piece of pieces) {
      const { offset, size } = (piece ?? {}) as DataRange;
      checkNumber("offset", offset);
      checkNumber("size", size);
      if (offset + size > this.size) {
        throw new DataRangeError(
          `Cannot make a view of ${sizeOf(this)}: ${counted(size, "byte")} at offset ${offset} end at ${
            offset + size
          }`,
        );
      }
    }
    const filled = pieces.filter((piece) => piece.size > 0);
    let before = { offset: 0, size: 0 };
    for (const piece of [...filled].sort((one, other) => one.offset - other.offset)) {
      if (before.offset + before.size > piece.offset) {
        throw new DataRangeError(
          `Cannot make a view: the pieces at offsets ${before.offset} and ${piece.offset} overlap`,
        );
      }
      before = piece;
    }
    return this.#compose(filled);
  }

  /**
   * The byte ranges described, counted from the start of the data part, in the order their bytes are delivered.
   */
  flatten(): DataRange[] {
    return this.#ranges.map(({ offset, size }) => ({ offset, size }));
  }

  /** What `JSON.stringify` and `console.log` show. */
  toJSON(): JsonObject {
    const { location, size, totalSize } = this;
    return {
      location,
      size,
      totalSize,
      ranges: this.flatten().map(({ offset, size }) => ({ offset, size })),
    };
  }

  /** The view made of these pieces of this view; the caller has checked the bounds. */
  #compose(pieces: readonly DataRange[]): DataDescriptor {
    const ranges: DataRange[] = [];
    const starts = this.#starts();
    let size = 0;
    for (const piece of pieces) {
      size += piece.size;
      let from = piece.offset;
      let left = piece.size;
      for (let index = rangeIndexAt(starts, from); left > 0; index++) {
        // The piece is in bounds, so there is a range for every byte of it.
        const range = this.#ranges[index]!;
        const skipped = from - starts[index]!;
        const taken = Math.min(left, range.size - skipped);
        append(ranges, range.offset + skipped, taken);
        from += taken;
        left -= taken;
      }
    }
    const view = new DataDescriptor(0);
    view.#location = this.#location;
    view.#totalSize = this.#totalSize;
    view.#size = size;
    view.#ranges = ranges;
    return view;
  }

  /** The offset in this view at which each range begins. */
  #starts(): number[] {
    let start = 0;
    return this.#ranges.map((range) => {
      const begin = start;
      start += range.size;
      return begin;
    });
  }
}

makeInspectable(DataDescriptor, "DataDescriptor");

/** How many bytes, and of which event, as errors say it. */
export function sizeOf({ size, location }: DataDescriptor): string {
  return `${counted(size, "byte")}${location === "" ? "" : ` of event ${location}`}`;
}

function checkNumber(what: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  throw new DataRangeError(`Cannot make a view: ${what} ${literal(value)} is not a whole number from 0 on`);
}

/** Index of the last start that is at or before the position. */
function rangeIndexAt(starts: readonly number[], position: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

function append(ranges: DataRange[], offset: number, size: number): void {
  const last = ranges[ranges.length - 1];
  if (last !== undefined && last.offset + last.size === offset) last.size += size;
  else ranges.push({ offset, size });
}
