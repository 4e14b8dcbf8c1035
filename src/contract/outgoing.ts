/** One event's data part on its way in: nothing, one buffer, or several written in order. */
export type OutgoingData = Uint8Array | readonly Uint8Array[] | undefined;

/** Events on their way into one partition. Arrays may be longer than `count`. */
export interface OutgoingBatch {
  /** Number of events, at least 1. */
  count: number;
  /** Serialized metadata of each: JSON texts (strings), or bytes from another serializer; never mixed. */
  metadata: string[] | Uint8Array[];
  /** Data part of each; undefined when no event of the batch has one. */
  data?: OutgoingData[] | undefined;
  /** Sum of the sizes of all data parts, in bytes. */
  dataBytes: number;
  /** A data part given as a stream, maybe an empty one; such a batch has exactly one event, and no `data`. */
  stream?: AsyncIterable<Uint8Array> | undefined;
  /**
   * Takes out the events whose data part has lost bytes since it was pushed: their pushes fail, alone. Done just
   * before `append`; an engine that reads the data later, after something else, calls it again just before it
   * does. When no event is left there is nothing to store, and any number will do for an id.
   */
  dropChangedData?(): void;
  /**
   * Says what became of a batch that an engine had to store in parts, because all of it together, or one event of
   * it, was too large: the parts in order, with all events of the batch. Called before `append` resolves, whose
   * number then counts for nothing. Where it is missing a batch is stored wholly or not at all.
   */
  settleParts?(parts: readonly BatchPart[]): void;
}

/** Events of a batch that were stored together or failed together. */
export type BatchPart =
  /** Stored: the first one has the id `baseId`, the others those after it. */
  | { count: number; baseId: number }
  /** Not stored. */
  | { count: number; error: unknown };

/** How large a batch an engine takes. */
export interface BatchLimit {
  /** Size of a batch, in bytes, save where it has a single event. */
  bytesMax: number;
  /** What every event takes beside its metadata and data, in bytes. */
  bytesPerEvent: number;
}
