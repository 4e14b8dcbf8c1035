import { DiasporaError, type DiasporaErrorOptions, keepNames } from "./base.ts";

/** Where and what is damaged. */
export interface Damage {
  /** Topic name, where known. */
  topic?: string;
  /** Partition number. */
  partition: number;
  /** First event id concerned. */
  firstId: number;
  /** One past the last event id concerned; equal to `firstId` where no event is lost. */
  endId: number;
  /** The damaged file. */
  file: string;
  /** Byte offset in the file where the damage was noticed. */
  offset: number;
  /** What was found, e.g. `"metadata checksum differs"`. */
  reason: string;
}

/** Stored bytes are not what was written: a checksum differs or bytes are missing. */
export class CorruptedLogError extends DiasporaError {
  /** Names partition, ids, file and offset. */
  constructor(readonly damage: Damage) {
    const { topic, partition, firstId, endId, file, offset, reason } = damage;
    const ids = endId > firstId + 1 ? `events ${firstId} to ${endId - 1}` : `event ${firstId}`;
    const where = topic === undefined ? `partition ${partition}` : `topic "${topic}" partition ${partition}`;
    super("ERR_CORRUPTED_LOG", `Cannot read ${where} ${ids}: ${reason} in "${file}" at byte ${offset}`);
  }
}

/** The event asked for, or the data part asked for with it, was removed by retention or trim. */
export class EventGoneError extends DiasporaError {
  /**
   * Names the id asked for and the first after it that is still there; `"data"` where the event's metadata is
   * still there and its data part is not.
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

/** A store written by a newer format version than this library knows. */
export class UnsupportedFormatError extends DiasporaError {
  /** Names the file, its version and the newest known. */
  constructor(readonly file: string, readonly version: number, knownVersion: number) {
    super(
      "ERR_UNSUPPORTED_FORMAT",
      `Cannot read "${file}": it has format version ${version}, and this library knows up to ${knownVersion}; use a newer library`,
    );
  }
}

/** What {@linkcode StorageError} takes beside its message. */
export interface StorageErrorOptions extends DiasporaErrorOptions {
  /** Of a push: whether the event may be there all the same. Default: false. */
  mayBeStored?: boolean;
}

/** The operating system refused: disk full, no permission, too many open files, file gone. */
export class StorageError extends DiasporaError {
  /**
   * Of a push that failed: whether the event may be stored all the same, because what failed came after it was
   * written (a sync, or the look at where it stands). Then look whether it is there before pushing it again.
   */
  readonly mayBeStored: boolean;

  /** Wraps the system's error; `errno` is its code, e.g. `"ENOSPC"`. */
  constructor(readonly errno: string, message: string, options: StorageErrorOptions = {}) {
    super("ERR_STORAGE", message, options);
    this.mayBeStored = options.mayBeStored ?? false;
  }
}

keepNames({ CorruptedLogError, EventGoneError, UnsupportedFormatError, StorageError });
