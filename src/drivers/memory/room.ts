import { LimitExceededError } from "../../errors.ts";
import { counted } from "../../counted.ts";

/** The largest data part of an event, as in files. */
export const DATA_BYTES_MAX: number = 2 ** 32;

/** The error of a data part that there is no room for. */
export function tooLarge(bytes: number, cause?: unknown): LimitExceededError {
  return new LimitExceededError(
    `Cannot keep a data part of ${counted(bytes, "byte")} in memory: ` +
      (cause === undefined ? `at most ${DATA_BYTES_MAX} are possible` : "the runtime gives no more"),
    { cause },
  );
}

/** Memory for a data part; throws `LimitExceededError` when the runtime gives none. */
export function room(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw tooLarge(bytes, cause);
  }
}
