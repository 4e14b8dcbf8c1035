import { EventGoneError, LimitExceededError } from "../../errors.ts";
import { DATA_BYTES_MAX } from "../format/bytes.ts";
import type { Extent, Extents } from "../format/frame_body.ts";
import type { Partition } from "../partition.ts";
import { openChunk } from "../read/chunk.ts";
import { ChunkBuffer, chunksOf } from "./chunk_pieces.ts";

/** What a chunk frame takes besides its data, at most: two records, its block sums and padding. */
const FRAME_OVERHEAD_BYTES_MAX = 1024;

/** Appends large data parts ahead of their events, in chunks. */
export class ChunkAppender {
  /** Size of the last stream. */
  #streamBytes = 0;

  /** `append` appends a chunk, to a segment that has `room` for so many bytes if it is not a new one. */
  constructor(
    private readonly chunkBytes: number,
    private readonly appendChunk: (data: readonly Uint8Array[], room: number) => Extent,
  ) {}

  append(buffers: Iterable<Uint8Array>, totalBytes: number): Extents {
    checkDataSize(totalBytes);
    const room = this.#roomFor(totalBytes);
    const list: Extent[] = [];
    for (const chunk of chunksOf(buffers, this.chunkBytes)) {
      list.push(this.appendChunk(chunk, list.length === 0 ? room : 1));
    }
    return { totalBytes, list };
  }

  /** `isHeld` holds a piece that others follow; if it returns false, the piece is appended again. */
  async appendStream(
    stream: AsyncIterable<Uint8Array>,
    isHeld: (extent: Extent) => boolean = () => true,
  ): Promise<Extents> {
    const list: Extent[] = [];
    const chunk = new ChunkBuffer(this.chunkBytes);
    // Its size is not known yet: often they are alike.
    const room = this.#roomFor(this.#streamBytes);
    const append = (data: Uint8Array) => this.appendChunk([data], list.length === 0 ? room : 1);
    let totalBytes = 0;
    for await (const piece of stream) {
      const { byteLength } = piece;
      totalBytes += byteLength;
      checkDataSize(totalBytes);
      for (let from = 0; from < byteLength;) {
        from += chunk.fill(piece, from);
        if (!chunk.isFull) continue;
        const data = chunk.take();
        let extent: Extent;
        do extent = append(data); while (!isHeld(extent));
        list.push(extent);
      }
    }
    if (!chunk.isEmpty) list.push(append(chunk.take()));
    this.#streamBytes = totalBytes;
    return { totalBytes, list };
  }

  /**
   * The room that the first chunk of a data part needs in its segment: that of all of them. Where each segment has data of
   * the next one's first event, retention can remove none. One that fits into no segment gets one of its own, since a
   * segment is not full before it has an event.
   */
  #roomFor(partBytes: number): number {
    return 1 + partBytes + Math.ceil(partBytes / this.chunkBytes) * FRAME_OVERHEAD_BYTES_MAX;
  }
}

/** The pieces of a data part, as they were stored. */
export function* storedPieces(partition: Partition, list: readonly Extent[]): Generator<Uint8Array> {
  for (const extent of list) {
    const { segmentId, dataBytes } = extent;
    try {
      yield openChunk(partition, extent, segmentId).view(0, dataBytes, segmentId);
    } catch (error) {
      throw error instanceof EventGoneError ? pieceRemoved(partition, segmentId) : error;
    }
  }
}

/** The error of a push that retention has overtaken. */
function pieceRemoved(partition: Partition, segmentId: number): LimitExceededError {
  const path = partition.pathOf(segmentId);
  return new LimitExceededError(
    `Cannot keep a data part in "${partition.directory}": retention removed "${path}" with a piece of it while it ` +
      `was being pushed; raise segment_bytes or the limits of retention, or push it as several events`,
  );
}

function checkDataSize(bytes: number): void {
  if (bytes <= DATA_BYTES_MAX) return;
  throw new LimitExceededError(
    `Cannot store a data part of more than ${DATA_BYTES_MAX} bytes (4 GiB): push it as several events`,
  );
}
