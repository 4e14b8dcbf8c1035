import { StorageError } from "../../errors.ts";
import type { OutgoingBatch, OutgoingData } from "../../contract.ts";
import { Appender } from "./appender.ts";
import { ChunkAppender, storedPieces } from "./chunk_appender.ts";
import { Durability } from "./durability.ts";
import type { Extent, Extents } from "../format/frame_body.ts";
import { FRAME_DATA_BYTES_MAX } from "../format/bytes.ts";
import type { Partition } from "../partition.ts";
import { isKept, needsOlder } from "../segment/listing.ts";
import { isFull, isMissing, type StorageFile } from "../../storage/port.ts";

/** When a push counts as stored, and what `flush()` waits for. */
export type FlushBehavior = "buffered" | "on_flush" | "immediate";

export interface WriterOptions {
  flushBehavior: FlushBehavior;
  /** A segment of this size is sealed and the next one begun. */
  segmentBytesMax: number;
  /** The folder with the topic: its name there is synced before the first event counts as durable. */
  topFolder?: string;
  /** Size of the pieces that large data parts are cut into; for tests. */
  chunkBytes?: number | undefined;
  /** Data parts of at most this size are written again as one frame; for tests. */
  frameDataBytes?: number | undefined;
  /** Called after a new segment was begun: the time to apply retention. */
  rolled?: () => void;
  /** Called when the disk is full: no segment can be begun then, so that retention would never be applied. */
  full?: () => void;
}

/** A data part that is larger than this by some margin is written ahead of its event, in chunk frames of this size. */
const CHUNK_BYTES = 1 << 20;
/** The margin: a second frame for a few bytes would gain nothing. */
const INLINE_RATIO = 17 / 16;

/** Writes batches to one partition, at the topic's durability level. */
export class PartitionWriter {
  readonly #appender: Appender;
  readonly #durability: Durability | undefined;
  /** The last of the calls that wait for a stream; the calls after it wait for it, to keep the order. */
  #queue: Promise<unknown> | undefined;
  #segmentId = -1;
  /** The failure of a sync, if one failed. */
  #doubt: unknown;
  /** The files that the batch being stored was appended to. */
  #touched = new Set<StorageFile>();
  readonly #chunkBytes: number;
  readonly #chunks: ChunkAppender;

  constructor(private readonly partition: Partition, private readonly options: WriterOptions) {
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    this.#chunks = new ChunkAppender(this.#chunkBytes, (data, room) => this.#appendChunk(data, room));
    const { flushBehavior, segmentBytesMax } = options;
    if (flushBehavior === "buffered") {
      this.#appender = new Appender(partition, segmentBytesMax);
      return;
    }
    this.#durability = new Durability(partition.storage, partition.directory, {
      blocking: flushBehavior === "immediate",
      failed: (failure) => {
        this.#appender.abandonSegment();
        // At once: a flush that begins before the failed one has returned must fail too.
        this.#doubt ??= asFinal(failure);
      },
      topFolder: options.topFolder,
    });
    this.#appender = new Appender(partition, segmentBytesMax, this.#durability);
  }

  /** Stores a batch; returns the id of its first event, once it is stored as durably as the topic promises. */
  append(batch: OutgoingBatch): number | Promise<number> {
    if (batch.stream === undefined && this.#queue === undefined) {
      this.#touched.clear();
      return this.#stored(this.#appendNow(batch));
    }
    const before = this.#queue ?? Promise.resolve();
    const result = before.then(async () => {
      this.#touched.clear();
      const { stream } = batch;
      if (stream === undefined) {
        batch.dropChangedData?.();
        return batch.count === 0 ? 0 : this.#stored(this.#appendNow(batch));
      }
      return this.#stored(await this.#appendStream(batch, stream));
    });
    const settled = result.then(() => {}, () => {}).then(() => {
      if (this.#queue === settled) this.#queue = undefined;
    });
    this.#queue = settled;
    return result;
  }

  /** Stores a batch, blocking; undefined while a stream is being stored. */
  appendSync(batch: OutgoingBatch): number | undefined {
    if (this.#queue !== undefined) return undefined;
    this.#touched.clear();
    const id = this.#appendNow(batch);
    if (this.options.flushBehavior === "immediate") this.#durability!.syncNow(this.#touched);
    return id;
  }

  /**
   * Syncs everything appended before, if the topic promises that. Once that has failed, it will never be known whether
   * what was appended before is stored, so every later call fails too.
   */
  async flush(): Promise<void> {
    await this.#queue;
    // Otherwise pushes are not synced, or each push has waited for its own sync.
    if (this.options.flushBehavior === "on_flush") await this.#sync();
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#appender.close();
      this.#durability?.close();
    }
  }

  #stored(id: number): number | Promise<number> {
    if (this.options.flushBehavior !== "immediate") return id;
    return this.#durability!.sync(this.#touched).then(() => id);
  }

  async #sync(): Promise<void> {
    try {
      await this.#durability!.sync();
    } catch (error) {
      // A sync that was not even tried, for want of descriptors, can still be made.
      throw this.#doubt ?? error;
    }
    // Also if another flush failed while this one waited for its turn.
    if (this.#doubt !== undefined) throw this.#doubt;
  }

  #appendNow(batch: OutgoingBatch): number {
    if (batch.dataBytes <= this.#chunkBytes * INLINE_RATIO || batch.count > 1) {
      return this.#appendEvent(batch);
    }
    return this.#appendEvent(batch, this.#chunks.append(buffersOf(batch.data![0]), batch.dataBytes));
  }

  /** The segments with its pieces stay open meanwhile: if retention removes one, the pieces in it are written again. */
  async #appendStream(batch: OutgoingBatch, stream: AsyncIterable<Uint8Array>): Promise<number> {
    const { partition } = this;
    const { segments } = partition;
    const held = new Map<number, () => void>();
    const isHeld = ({ segmentId }: Extent) => {
      try {
        if (held.has(segmentId)) return true;
        const segment = partition.segment(segmentId);
        if (!segment.isThere) return false;
        held.set(segmentId, segments.hold(segment));
        return true;
      } catch (error) {
        // Where it cannot be opened, retention may still leave it alone.
        if (error instanceof StorageError) return !isMissing(error);
        throw error;
      }
    };
    try {
      return this.#appendEvent(batch, await this.#chunks.appendStream(stream, isHeld));
    } finally {
      for (const letGo of held.values()) letGo();
    }
  }

  /** `mayMove`: whether its chunks may be written again, where the event is, though they are there. */
  #appendEvent(batch: OutgoingBatch, extents?: Extents, mayMove = true): number {
    const landing = this.#noticingFull(() => {
      if (extents === undefined) return this.#appender.appendEvents(batch);
      const { count, metadata } = batch;
      // Before the event: otherwise a process killed in between would leave an event whose data retention removes.
      const keep = (segmentId: number) => this.#keepChunks(segmentId, extents, mayMove);
      return this.#appender.appendAfterChunks({ count, metadata, dataBytes: 0 }, extents, keep);
    });
    if (landing === false) return this.#moveChunks(batch, extents!);
    this.#wrote();
    this.#appender.sealAfterHole();
    const segmentId = landing.segment.baseId;
    if (segmentId !== this.#segmentId) {
      const isFirst = this.#segmentId < 0;
      this.#segmentId = segmentId;
      // Also for the first segment of this writer: if its first event is the segment's, this writer has begun it.
      if (!isFirst || (landing.id === segmentId && segmentId > 0)) this.options.rolled?.();
    }
    return landing.id;
  }

  /**
   * Keeps the segments of the chunks for as long as the segment of their event. False if the chunks are to be written again:
   * because one was removed, or, unless they were before, because they stay for a segment that is kept itself: where each
   * segment needs the one before it, retention can remove none.
   */
  #keepChunks(segmentId: number, { list }: Extents, mayMove: boolean): boolean {
    const older = new Set(list.map((extent) => extent.segmentId).filter((id) => id !== segmentId));
    if (older.size === 0) return true;
    if (mayMove && needsOlder(this.partition.listing(), Math.min(...older), segmentId)) return false;
    const marker = this.partition.keepForSegment(segmentId, Math.min(...older));
    this.#durability?.needsName(this.#appender.file!, marker);
    const listing = this.partition.listing();
    return [...older].every((id) => isKept(listing, id));
  }

  /**
   * Writes the chunks of an event again, and the event after them; as one frame if they fit into one, so that no other
   * writer comes between.
   */
  #moveChunks({ count, metadata, data }: OutgoingBatch, { totalBytes, list }: Extents): number {
    const pieces = data === undefined ? storedPieces(this.partition, list) : buffersOf(data[0]);
    if (totalBytes <= (this.options.frameDataBytes ?? FRAME_DATA_BYTES_MAX)) {
      return this.#appendEvent({ count, metadata, data: [[...pieces]], dataBytes: totalBytes });
    }
    const event = { count, metadata, dataBytes: totalBytes };
    return this.#appendEvent(event, this.#chunks.append(pieces, totalBytes), false);
  }

  /** This push fails, but there may be room for the next one. */
  #noticingFull<T>(append: () => T): T {
    try {
      return append();
    } catch (error) {
      if (isFull(error)) this.options.full?.();
      throw error;
    }
  }

  #wrote(): void {
    if (this.#durability === undefined) return;
    const file = this.#appender.file!;
    this.#durability.wrote(file);
    this.#touched.add(file);
  }

  #appendChunk(data: readonly Uint8Array[], room: number): Extent {
    const landing = this.#noticingFull(() => this.#appender.appendChunk(data, room));
    this.#wrote();
    const dataBytes = data.reduce((sum, piece) => sum + piece.byteLength, 0);
    return { segmentId: landing.segment.baseId, offset: landing.offset, dataBytes };
  }
}

function buffersOf(data: OutgoingData): readonly Uint8Array[] {
  return data instanceof Uint8Array ? [data] : data ?? [];
}

/** Seals the last segment, so that it can be removed: the next append begins a new one. */
export function sealLast(partition: Partition): void {
  const appender = new Appender(partition, Number.MAX_SAFE_INTEGER);
  try {
    appender.seal();
  } finally {
    appender.close();
  }
}

/** Ends the partition: no later append, of any process, will be counted. */
export function endForGood(partition: Partition): void {
  new Appender(partition, Number.MAX_SAFE_INTEGER).sealForever();
}

/** A failed sync, as the error of every flush from then on. */
function asFinal(failure: StorageError): StorageError {
  const { errno, message } = failure;
  const remedy = "this producer cannot flush any more: open another producer";
  return new StorageError(errno, `${message}; ${remedy}`, { cause: failure, mayBeStored: true });
}
