import { core } from "../format/core/core.ts";
import { dataMemory } from "../../data/memory.ts";
import type { CorruptedLogError } from "../../errors.ts";
import { FLAG } from "../format/bytes.ts";
import {
  decodeExtents,
  decodeMarks,
  decodeSums,
  decodeTable,
  type Extent,
  extentsAddUp,
  type Table,
  tableAddsUp,
} from "../format/frame_body.ts";
import { intactHead } from "../segment/frame_check.ts";
import type { Partition } from "../partition.ts";
import { readWindow } from "../segment/window.ts";
import type { FrameEntry } from "../segment/entries.ts";
import type { Segment } from "../segment/segment_file.ts";
import { openChunk } from "./chunk.ts";
import { StoredData } from "./data.ts";

const decoder = new TextDecoder();

interface ExtentAt extends Extent {
  /** Where its bytes begin in the event's data part. */
  start: number;
}

/** A frame of events that was read and checked: where the parts of each event are. */
export class StoredFrame {
  readonly isText: boolean;
  /** Every metadata byte is ASCII: byte offsets are offsets in the text. */
  readonly isAscii: boolean;
  /** Whether the data parts of some events were lost, by a repair. */
  readonly lacksData: boolean;
  readonly metadataStarts: Table["metadataStarts"];
  readonly #table: Table;
  /** The data in the frame itself. */
  readonly data: StoredData;
  /** The events whose data was lost, by a repair. */
  readonly #dataLost: ReadonlySet<number> | undefined;
  readonly #extents: { totalBytes: number; list: ExtentAt[] } | undefined;
  #chunk: { extent: ExtentAt; data: StoredData } | undefined;
  /** The window has the metadata as long as it was not filled again. */
  #load = readWindow.loads;
  /** A copy of the metadata, made once the window was filled by another reader. */
  #kept: Uint8Array | undefined;

  /** `at`: the frame's address in the core's memory, where its part up to the end of the metadata was checked. */
  constructor(
    private readonly partition: Partition,
    readonly entry: FrameEntry,
    at: number,
  ) {
    const { segment, offset, frame } = entry;
    const { flags, layout, dataBytes, extentCount } = frame;
    this.isText = (flags & FLAG.jsonText) !== 0;
    this.isAscii = this.isText && (flags & FLAG.ascii) !== 0;
    const { view } = core;
    this.#table = decodeTable(view, at, frame);
    this.metadataStarts = this.#table.metadataStarts;
    this.lacksData = (flags & FLAG.dataLost) !== 0;
    if (this.lacksData) this.#dataLost = decodeMarks(view, at + layout.table, frame);
    if (extentCount > 0) {
      const { totalBytes, list } = decodeExtents(view, at + layout.extents, extentCount);
      let start = 0;
      this.#extents = {
        totalBytes,
        list: list.map((extent) => ({ ...extent, start: (start += extent.dataBytes) - extent.dataBytes })),
      };
    }
    this.data = new StoredData({
      partition,
      segment,
      offset: offset + layout.data,
      dataBytes,
      sums: decodeSums(view, at + layout.blockSums, at + layout.metadata),
    });
  }

  /**
   * The metadata of a range of events, with the separators between them: a text if it is ASCII, otherwise bytes.
   * Undefined if it had to be read again and is damaged.
   */
  metadata(first: number, count: number): string | Uint8Array | undefined {
    const from = this.metadataStarts[first]!;
    const to = this.metadataStarts[first + count]! - (this.isText ? 1 : 0);
    if (this.#kept === undefined && readWindow.loads !== this.#load && !this.#readAgain()) return undefined;
    if (this.#kept !== undefined) {
      const kept = this.#kept.subarray(from, to);
      return this.isAscii ? decoder.decode(kept) : kept;
    }
    const { segment, offset, frame: { layout } } = this.entry;
    const at = readWindow.at(segment, offset, layout.data) + layout.metadata;
    return this.isAscii ? core.asciiText(at + from, at + to) : core.u8.slice(at + from, at + to);
  }

  /** Another reader has used the window: reads the metadata again, and keeps it. */
  #readAgain(): boolean {
    const at = intactHead(this.entry);
    if (at < 0) return false;
    const { layout } = this.entry.frame;
    this.#kept = core.u8.slice(at + layout.metadata, at + layout.data);
    return true;
  }

  /**
   * Whether the sizes of its parts add up to those in its records. They do not if a program wrote the frame wrong;
   * checksums are right then.
   */
  get addsUp(): boolean {
    return tableAddsUp(this.entry.frame, this.#table) &&
      (this.#extents === undefined || extentsAddUp(this.#extents));
  }

  /** Size of one event's data part, in bytes. */
  dataSize(index: number): number {
    if (this.#extents !== undefined) return this.#extents.totalBytes;
    const starts = this.#table.dataStarts;
    return starts === undefined ? 0 : starts[index + 1]! - starts[index]!;
  }

  isDataLost(index: number): boolean {
    return this.#dataLost?.has(index) === true;
  }

  /** A range of one event's data, checked. */
  viewData(index: number, offset: number, size: number): Uint8Array {
    if (size === 0) return new Uint8Array(0);
    const id = this.entry.id + index;
    this.#checkIsThere(index);
    if (this.#extents === undefined) return this.data.view(this.#dataStart(index) + offset, size, id);
    const { extent, data } = this.#chunkAt(offset, id);
    const within = offset - extent.start;
    if (within + size <= extent.dataBytes) return data.view(within, size, id);
    const result = dataMemory(size);
    this.fill(index, offset, result);
    return result;
  }

  /** Fills a buffer with one event's data from `offset` on, checked. */
  fill(index: number, offset: number, into: Uint8Array): void {
    const id = this.entry.id + index;
    this.#checkIsThere(index);
    const start = this.#dataStart(index) + offset;
    if (this.#extents === undefined) this.data.fill(start, into, id);
    else {
      for (let done = 0; done < into.byteLength;) {
        done += this.#fillFromChunk(start + done, into.subarray(done), id);
      }
    }
  }

  #dataStart(index: number): number {
    return this.#table.dataStarts?.[index] ?? 0;
  }

  #checkIsThere(index: number): void {
    if (!this.isDataLost(index)) return;
    const reason = "its data part was lost before a repair";
    throw this.#corrupted(this.entry.id + index, this.entry.segment, this.entry.offset, reason);
  }

  #corrupted(id: number, segment: Segment, offset: number, reason: string): CorruptedLogError {
    return this.partition.corrupted({ firstId: id, endId: id + 1, file: segment.path, offset, reason });
  }

  /** Fills a buffer from one chunk; returns how many bytes it filled. */
  #fillFromChunk(offset: number, into: Uint8Array, id: number): number {
    const { extent, data } = this.#chunkAt(offset, id);
    const within = offset - extent.start;
    const size = Math.min(into.byteLength, extent.dataBytes - within);
    data.fill(within, into.subarray(0, size), id);
    return size;
  }

  #chunkAt(offset: number, id: number): { extent: ExtentAt; data: StoredData } {
    const chunk = this.#chunk;
    if (
      chunk !== undefined && offset >= chunk.extent.start &&
      offset < chunk.extent.start + chunk.extent.dataBytes
    ) return chunk;
    const extent = this.#extents!.list.findLast(({ start }) => start <= offset)!;
    return this.#chunk = { extent, data: openChunk(this.partition, extent, id) };
  }
}
