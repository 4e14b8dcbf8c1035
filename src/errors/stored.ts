import { DiasporaError, type DiasporaErrorOptions, keepNames } from "./base.ts";

/** Where and what is damaged. */
export interface Damage {
  /** Topic name, if known. */
  topic?: string;
  /** Partition number. */
  partition: number;
  /** Id of the first affected event. */
  firstId: number;
  /** One past the last affected event id; equal to `firstId` if no event is lost. */
  endId: number;
  /** The damaged file. */
  file: string;
  /** Byte offset in the file at which the damage was detected. */
  offset: number;
  /** What was found, e.g. `"metadata checksum differs"`. */
  reason: string;
}

/** Stored bytes differ from what was written: a checksum mismatch or missing bytes. */
export class CorruptedLogError extends DiasporaError {
  /** Names partition, ids, file and offset. */
  constructor(readonly damage: Damage) {
    const { topic, partition, firstId, endId, file, offset, reason } = damage;
    const ids = endId > firstId + 1 ? `events ${firstId} to ${endId - 1}` : `event ${firstId}`;
    const where = topic === undefined ? `partition ${partition}` : `topic "${topic}" partition ${partition}`;
    super("ERR_CORRUPTED_LOG", `Cannot read ${where} ${ids}: ${reason} in "${file}" at byte ${offset}`);
  }
}

/** The requested event, or the data part requested with it, was removed by retention or trim. */
export class EventGoneError extends DiasporaError {
  /**
   * Names the requested id and the first existing one after it; `"data"` if only the event's data part was
   * removed.
   */
  constructor(
    readonly partition: number,
    readonly id: number,
    readonly firstId: number,
    removed: "event" | "data" = "event",
  ) {
    super(
      "ERR_EVENT_GONE",
      removed === "event"
        ? `Cannot read event ${id} of partition ${partition}: it was removed; the first event there is ${firstId}`
        : `Cannot read the data of event ${id} of partition ${partition}: it was removed; the next event is ${firstId}`,
    );
  }
}

/** A store written in a newer format version than this library supports. */
export class UnsupportedFormatError extends DiasporaError {
  /** Names the file, its version and the newest supported one. */
  constructor(readonly file: string, readonly version: number, knownVersion: number) {
    super(
      "ERR_UNSUPPORTED_FORMAT",
      `Cannot read "${file}": it has format version ${version}, and this library knows up to ${knownVersion}; use a newer library`,
    );
  }
}

/** What {@linkcode StorageError} accepts besides the message. */
export interface StorageErrorOptions extends DiasporaErrorOptions {
  /** For a push: whether the event may have been stored anyway. Default: false. */
  mayBeStored?: boolean;
}

/** The operating system reported an error: disk full, no permission, too many open files, file missing. */
export class StorageError extends DiasporaError {
  /**
   * For a failed push: whether the event may have been stored anyway, because the failure came after the write (in
   * a sync, or while determining its position). Then check for it before pushing it again.
   */
  readonly mayBeStored: boolean;

  /** Wraps the system's error; `errno` is its code, e.g. `"ENOSPC"`. */
  constructor(readonly errno: string, message: string, options: StorageErrorOptions = {}) {
    super("ERR_STORAGE", message, options);
    this.mayBeStored = options.mayBeStored ?? false;
  }
}

keepNames({ CorruptedLogError, EventGoneError, UnsupportedFormatError, StorageError });
