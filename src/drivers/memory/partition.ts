import type {
  OutgoingBatch,
  OutgoingData,
  PartitionDescription,
  StartPosition,
  TrimRequest,
} from "../../contract.ts";
import { DATA_BYTES_MAX, joined, tooLarge } from "./data_part.ts";

/** Events that were appended together. */
export interface KeptBatch {
  /** Id of the first event. */
  readonly baseId: number;
  /** Number of events. */
  readonly count: number;
  /** When it was stored, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Serialized metadata: JSON texts, or bytes. */
  readonly metadata: string[] | Uint8Array[];
  /** Data part of each event; undefined if none has one. */
  readonly data: Uint8Array[] | undefined;
  /** Size of metadata and data; text counts as one byte per character. */
  readonly bytes: number;
}

const NO_DATA = new Uint8Array(0);

/** The events of one partition. */
export class MemoryPartition {
  #batches: KeptBatch[] = [];
  #nextId = 0;

  constructor(readonly number: number) {}

  /** Id of the next event. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Id of the first event that still exists. */
  get firstId(): number {
    return this.#batches[0]?.baseId ?? this.#nextId;
  }

  /** Stores copies of the events; returns the id of the first. */
  append(batch: OutgoingBatch, streamed?: Uint8Array): number {
    const { count } = batch;
    const baseId = this.#nextId;
    const metadata = batch.metadata.slice(0, count) as string[] | Uint8Array[];
    const data = streamed !== undefined
      ? [streamed]
      : batch.data === undefined
      ? undefined
      : Array.from({ length: count }, (_, index) => copyOf(batch.data![index]));
    let bytes = streamed?.byteLength ?? batch.dataBytes;
    for (const one of metadata) bytes += one.length;
    this.#batches.push({ baseId, count, timestamp: Date.now(), metadata, data, bytes });
    this.#nextId = baseId + count;
    return baseId;
  }

  /** The batch with that event; undefined after the end. */
  find(id: number): KeptBatch | undefined {
    const batches = this.#batches;
    let low = 0;
    let high = batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { baseId, count } = batches[middle]!;
      if (baseId + count <= id) low = middle + 1;
      else high = middle;
    }
    return batches[low];
  }

  /** The id of a position; the id of a removed event is returned unchanged. */
  resolve(position: StartPosition): number {
    if (position === "earliest") return this.firstId;
    if (position === "latest") return this.#nextId;
    if ("id" in position) return Math.min(position.id, this.#nextId);
    const time = Number(position.time);
    return this.#batches.find((batch) => batch.timestamp >= time)?.baseId ?? this.#nextId;
  }

  /** Its state. */
  describe(): PartitionDescription {
    const batches = this.#batches;
    return {
      partition: this.number,
      firstId: this.firstId,
      nextId: this.#nextId,
      bytes: this.bytesFrom(this.firstId),
      segments: 0,
      oldestTime: batches[0]?.timestamp,
      newestTime: batches.at(-1)?.timestamp,
    };
  }

  /** Total size of the batches from the one with that event on. */
  bytesFrom(id: number): number {
    return this.#batches.reduce((sum, batch) => batch.baseId + batch.count > id ? sum + batch.bytes : sum, 0);
  }

  /** Removes the oldest batches that match the request; returns their size. */
  trim(request: TrimRequest, acknowledgedId: number): { firstId: number; bytes: number } {
    const beforeId = Math.max(request.beforeId ?? 0, acknowledgedId);
    const beforeTime = Number(request.beforeTime ?? -Infinity);
    let kept = this.bytesFrom(0);
    let removed = 0;
    let bytes = 0;
    for (const batch of this.#batches) {
      const isTooMuch = request.maxBytes !== undefined && kept > request.maxBytes;
      if (batch.baseId + batch.count > beforeId && batch.timestamp >= beforeTime && !isTooMuch) break;
      removed++;
      bytes += batch.bytes;
      kept -= batch.bytes;
    }
    const firstId = this.#batches[removed]?.baseId ?? this.#nextId;
    if (request.dryRun !== true) this.#batches.splice(0, removed);
    return { firstId, bytes };
  }
}

function copyOf(data: OutgoingData): Uint8Array {
  if (data === undefined) return NO_DATA;
  const pieces = data instanceof Uint8Array ? [data] : data;
  const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (size > DATA_BYTES_MAX) throw tooLarge(size);
  return joined(pieces, size);
}
