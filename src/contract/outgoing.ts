/** One event's data part to be stored: nothing, one buffer, or several written in order. */
export type OutgoingData = Uint8Array | readonly Uint8Array[] | undefined;

/**
 * Events to be stored in one partition. Arrays may be longer than `count`, and are filled with other events as soon as
 * `append` has returned an id: an engine that keeps events copies them.
 */
export interface OutgoingBatch {
  /** Number of events, at least 1. */
  count: number;
  /** Serialized metadata of each event: JSON texts (strings), or bytes from another serializer; never mixed. */
  metadata: string[] | Uint8Array[];
  /** Data part of each event; undefined if no event of the batch has one. */
  data?: OutgoingData[] | undefined;
  /** When its first event was pushed, as `performance.now()`: for engines with a time limit. */
  sinceMs?: number;
  /** Sum of the sizes of all data parts, in bytes. */
  dataBytes: number;
  /** A data part given as a stream, possibly empty; such a batch has exactly one event and no `data`. */
  stream?: AsyncIterable<Uint8Array> | undefined;
  /**
   * Removes the events whose data part has lost bytes since it was pushed: only their pushes fail. Called just
   * before `append`; an engine that reads the data later, after other work, calls it again right before reading.
   * If no event is left there is nothing to store, and the returned id does not matter.
   */
  dropChangedData?(): void;
  /**
   * Reports the outcome of a batch that an engine had to store in parts because the whole batch, or one event of
   * it, was too large: the parts in order, with all events of the batch. Called before `append` resolves, whose
   * result is then ignored. If it is missing, a batch is stored atomically.
   */
  settleParts?(parts: readonly BatchPart[]): void;
}

/** Events of a batch that were stored together or failed together. */
export type BatchPart =
  /** Stored: the first event has the id `baseId`, the others the ids after it. */
  | { count: number; baseId: number }
  /** Not stored. */
  | { count: number; error: unknown };

/** How large a batch an engine accepts. */
export interface BatchLimit {
  /** Maximum size of a batch in bytes, unless it has a single event. */
  bytesMax: number;
  /** Overhead of every event besides its metadata and data, in bytes. */
  bytesPerEvent: number;
}

/** How an engine says that it stores nothing in some partitions for now, e.g. because they have no leader. */
export interface Availability {
  /** Those partitions, while others store: what waits for them takes no room from the others. */
  readonly unavailable?: ReadonlySet<number>;
  /** Set by the caller: the engine calls it when it has added one. */
  onUnavailable?: () => void;
}
