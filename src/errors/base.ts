/** The stable codes carried by {@linkcode DiasporaError.code}. */
export type ErrorCode =
  | "ERR_TOPIC_EXISTS"
  | "ERR_TOPIC_NOT_FOUND"
  | "ERR_TOPIC_DELETED"
  | "ERR_INVALID_TOPIC_NAME"
  | "ERR_INVALID_CONSUMER_NAME"
  | "ERR_CONSUMER_DELETED"
  | "ERR_CONSUMER_IN_USE"
  | "ERR_PARTITION_MOVED"
  | "ERR_INVALID_OPTION"
  | "ERR_INVALID_METADATA"
  | "ERR_INVALID_DATA"
  | "ERR_DATA_RANGE"
  | "ERR_ALLOCATION"
  | "ERR_UNKNOWN_DRIVER"
  | "ERR_UNKNOWN_COMPONENT"
  | "ERR_MODULE_LOAD"
  | "ERR_MODULE_NOT_ALLOWED"
  | "ERR_NO_SUCH_PARTITION"
  | "ERR_CORRUPTED_LOG"
  | "ERR_EVENT_GONE"
  | "ERR_UNSUPPORTED_FORMAT"
  | "ERR_FOREIGN_LAYOUT"
  | "ERR_FOREIGN_FILES"
  | "ERR_CONTENT_MISMATCH"
  | "ERR_TRANSFER_IN_PROGRESS"
  | "ERR_STORAGE"
  | "ERR_LIMIT_EXCEEDED"
  | "ERR_BACKPRESSURE"
  | "ERR_FLUSH_FAILED"
  | "ERR_CLOSED"
  | "ERR_NOT_SUPPORTED"
  | "ERR_BROKER";

/** What the constructors of the error classes accept besides the message. */
export interface DiasporaErrorOptions extends ErrorOptions {
  /** Whether the same call may succeed later without any change. Default: false. */
  canRetry?: boolean;
}

/** Base class of every operating error of this library. */
export class DiasporaError extends Error {
  /** Stable machine-readable code, e.g. `"ERR_TOPIC_NOT_FOUND"`. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without any change (a full disk, an unavailable broker). */
  readonly canRetry: boolean;

  /** Creates an error with a code; users catch these errors rather than create them. */
  constructor(code: ErrorCode, message: string, options: DiasporaErrorOptions = {}) {
    super(message, options);
    this.name = this.constructor.name;
    this.code = code;
    this.canRetry = options.canRetry ?? false;
  }
}

/**
 * Sets the names of error classes explicitly: bundlers shorten class names, and errors would show a single letter.
 */
export function keepNames(classes: Record<string, object>): void {
  for (const [name, its] of Object.entries(classes)) {
    Object.defineProperty(its, "name", { value: name, configurable: true });
  }
}

keepNames({ DiasporaError });
