import { core } from "./core.ts";
import { CorruptedLogError, EventGoneError } from "../errors.ts";
import { DATA_LOST_MARK, EXTENT_BYTES, FLAG, KIND, RECORD_BYTES } from "./format.ts";
import { type FrameRecord, readUint64 } from "./frame.ts";
import type { Partition } from "./partition.ts";
import { readWindow } from "./read_window.ts";
import { step } from "./scanner.ts";
import type { Segment } from "./segment.ts";
import { type Owner, StoredData } from "./stored_data.ts";

const decoder = new TextDecoder();

/** Data handed out at once: a larger range is put together from pieces of this size. */
const PIECE_BYTES = 1 << 20;

interface ExtentAt {
  segmentId: number;
  offset: number;
  dataBytes: number;
  /** Where its bytes begin in the event's data part. */
  start: number;
}

/** A frame of events that was read and checked: everything but the data is in memory. */
export class StoredFrame {
  readonly count: number;
  readonly time: number;
  readonly isText: boolean;
  /** The data that stands in the frame itself. */
  readonly data: StoredData;
  #text: string | undefined;
  #metadataStarts: Uint32Array | undefined;
  #dataStarts: Uint32Array | undefined;
  #extents: { totalBytes: number; list: ExtentAt[] } | undefined;
  #chunk: { extent: ExtentAt; data: StoredData } | undefined;

  /** `head` is a copy of the frame from its table to the end of its metadata. */
  constructor(
    private readonly partition: Partition,
    private readonly segment: Segment,
    private readonly offset: number,
    private readonly frame: FrameRecord,
    private readonly head: Uint8Array,
    private readonly baseId: number,
  ) {
    this.count = frame.count;
    this.time = frame.time;
    this.isText = (frame.flags & FLAG.jsonText) !== 0;
    const { layout, dataBytes } = frame;
    this.data = new StoredData({
      partition,
      segmentId: segment.baseId,
      offset: offset + layout.data,
      dataBytes,
      sums: sumsOf(head, layout.blockSums - RECORD_BYTES, layout.metadata - RECORD_BYTES),
    });
  }

  /** JSON texts of a range of events, joined by commas. */
  joinedText(first: number, count: number): string {
    if (first === 0 && count === this.count) return this.#wholeText();
    const starts = this.#starts();
    const from = starts[first];
    const to = starts[first + count] - 1;
    return this.#isAscii ? this.#wholeText().slice(from, to) : decoder.decode(this.#bytes(from, to));
  }

  /** JSON text of one event. */
  metadataText(index: number): string {
    return this.joinedText(index, 1);
  }

  /** Metadata of one event as it was written. */
  metadataBytes(index: number): Uint8Array {
    const starts = this.#starts();
    return this.#bytes(starts[index], starts[index + 1] - (this.isText ? 1 : 0));
  }

  /** Size of one event's data part, in bytes. */
  dataSize(index: number): number {
    if (this.frame.extentCount > 0) return this.#chunks().totalBytes;
    if ((this.frame.flags & FLAG.hasData) === 0) return 0;
    const starts = this.#dataOffsets();
    return starts[index + 1] - starts[index];
  }

  /** Whether a repair gave up the data parts of some of these events. */
  get lacksData(): boolean {
    return (this.frame.flags & FLAG.dataLost) !== 0;
  }

  /** Whether it gave up this one's. */
  isDataLost(index: number): boolean {
    return this.lacksData && this.#table()[index * this.#stride] >= DATA_LOST_MARK;
  }

  /** A range of one event's data, checked. */
  viewData(index: number, offset: number, size: number): Uint8Array {
    if (size === 0) return new Uint8Array(0);
    const owner = { id: this.baseId + index };
    this.#checkIsThere(index);
    if (this.frame.extentCount === 0) return this.data.view(this.#dataOffsets()[index] + offset, size, owner);
    const whole = this.#pieceOfChunk(offset, size, owner);
    if (whole.byteLength === size) return whole;
    const result = new Uint8Array(size);
    this.fill(index, offset, result);
    return result;
  }

  /** Fills a buffer with one event's data from `offset` on, checked. */
  fill(index: number, offset: number, into: Uint8Array): void {
    const owner = { id: this.baseId + index };
    this.#checkIsThere(index);
    const start = this.frame.extentCount > 0 ? offset : this.#dataOffsetOf(index) + offset;
    for (let done = 0; done < into.byteLength;) {
      const size = Math.min(PIECE_BYTES, into.byteLength - done);
      const piece = this.frame.extentCount > 0
        ? this.#pieceOfChunk(start + done, size, owner)
        : this.data.view(start + done, size, owner);
      into.set(piece, done);
      done += piece.byteLength;
    }
  }

  /** The chunks that hold a large data part. */
  get extents(): readonly { segmentId: number; offset: number; dataBytes: number }[] {
    return this.frame.extentCount > 0 ? this.#chunks().list : [];
  }

  get #isAscii(): boolean {
    return (this.frame.flags & FLAG.ascii) !== 0;
  }

  #wholeText(): string {
    return this.#text ??= decoder.decode(this.#bytes(0, this.frame.metadataBytes));
  }

  #bytes(from: number, to: number): Uint8Array {
    const start = this.frame.layout.metadata - RECORD_BYTES;
    return this.head.subarray(start + from, start + to);
  }

  /** Where each event's metadata begins; one more entry, as if another separator and event followed. */
  #starts(): Uint32Array {
    return this.#metadataStarts ??= this.#sumTable(0, this.isText ? 1 : 0);
  }

  #dataOffsets(): Uint32Array {
    return this.#dataStarts ??= this.#sumTable(1, 0);
  }

  #dataOffsetOf(index: number): number {
    return (this.frame.flags & FLAG.hasData) === 0 ? 0 : this.#dataOffsets()[index];
  }

  get #stride(): number {
    return (this.frame.flags & FLAG.hasData) !== 0 ? 2 : 1;
  }

  #table(): Uint32Array {
    return new Uint32Array(this.head.buffer, this.head.byteOffset, this.count * this.#stride);
  }

  #sumTable(column: number, separatorBytes: number): Uint32Array {
    const stride = this.#stride;
    const table = this.#table();
    const starts = new Uint32Array(this.count + 1);
    for (let index = 0, at = column, start = 0; index < this.count; index++, at += stride) {
      start += (table[at] & ~DATA_LOST_MARK) + separatorBytes;
      starts[index + 1] = start;
    }
    return starts;
  }

  #checkIsThere(index: number): void {
    if (!this.isDataLost(index)) return;
    throw this.#corrupted(
      this.baseId + index,
      this.segment,
      this.offset,
      "its data part was lost before a repair",
    );
  }

  #corrupted(id: number, segment: Segment, offset: number, reason: string): CorruptedLogError {
    const { topic, partition } = this.partition;
    return new CorruptedLogError({
      topic,
      partition,
      firstId: id,
      endId: id + 1,
      file: segment.path,
      offset,
      reason,
    });
  }

  #chunks(): { totalBytes: number; list: ExtentAt[] } {
    if (this.#extents !== undefined) return this.#extents;
    const { head, frame } = this;
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    let at = frame.layout.extents - RECORD_BYTES;
    const totalBytes = readUint64(view, at);
    at += 8;
    const list: ExtentAt[] = [];
    for (let index = 0, start = 0; index < frame.extentCount; index++, at += EXTENT_BYTES) {
      const dataBytes = view.getUint32(at + 12, true);
      list.push({ segmentId: readUint64(view, at), offset: view.getUint32(at + 8, true), dataBytes, start });
      start += dataBytes;
    }
    return this.#extents = { totalBytes, list };
  }

  /** As much of a range as one chunk holds, up to `size` bytes. */
  #pieceOfChunk(offset: number, size: number, owner: Owner): Uint8Array {
    let chunk = this.#chunk;
    if (
      chunk === undefined || offset < chunk.extent.start ||
      offset >= chunk.extent.start + chunk.extent.dataBytes
    ) {
      const extent = extentAt(this.#chunks().list, offset);
      chunk = this.#chunk = { extent, data: this.#openChunk(extent, owner) };
    }
    const within = offset - chunk.extent.start;
    return chunk.data.view(within, Math.min(size, chunk.extent.dataBytes - within), owner);
  }

  #segmentOf(segmentId: number, owner: Owner): Segment {
    try {
      return this.partition.segmentOf(segmentId, owner.id);
    } catch (error) {
      // Only what lies before the first segment was removed on purpose.
      if (!(error instanceof EventGoneError) || error.firstId > segmentId) throw error;
      throw this.#corrupted(
        owner.id,
        this.segment,
        this.offset,
        `segment ${segmentId} with its data is missing`,
      );
    }
  }

  #openChunk(extent: ExtentAt, owner: Owner): StoredData {
    const { partition } = this;
    const segment = this.#segmentOf(extent.segmentId, owner);
    const problem = (reason: string) => this.#corrupted(owner.id, segment, extent.offset, reason);
    let found = step(segment, extent.offset, 4096);
    if (found.kind !== "frame") {
      // Where the segment ends may say more; a listing tells which one follows.
      partition.segmentIds();
      found = step(segment, extent.offset, 4096);
    }
    if (found.kind !== "frame") throw problem("a data chunk is damaged");
    const record = found.frame;
    if (record.kind !== KIND.chunk || record.dataBytes !== extent.dataBytes) {
      throw problem("a data chunk is not where its event says");
    }
    const { layout } = record;
    const at = readWindow.at(segment, extent.offset, layout.data, layout.data);
    if (at < 0 || core.crc32At(at + RECORD_BYTES, layout.data - RECORD_BYTES) !== record.headCrc) {
      throw problem("the checksums of a data chunk are damaged");
    }
    const head = core.u8.slice(at + RECORD_BYTES, at + layout.data);
    return new StoredData({
      partition,
      segmentId: extent.segmentId,
      offset: extent.offset + layout.data,
      dataBytes: record.dataBytes,
      sums: sumsOf(head, 0, head.byteLength),
    });
  }
}

function extentAt(list: readonly ExtentAt[], offset: number): ExtentAt {
  let [low, high] = [0, list.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (list[middle].start <= offset) low = middle;
    else high = middle - 1;
  }
  return list[low];
}

function sumsOf(head: Uint8Array, from: number, to: number): Uint32Array {
  return new Uint32Array(head.buffer, head.byteOffset + from, (to - from) / 4);
}
