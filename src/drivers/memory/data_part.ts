import { LimitExceededError } from "../../errors.ts";
import { counted } from "../../text/counted.ts";

/** Maximum size of an event's data part, as in files. */
export const DATA_BYTES_MAX: number = 2 ** 32;

/** The error for a data part that exceeds the available memory. */
export function tooLarge(bytes: number, cause?: unknown): LimitExceededError {
  return new LimitExceededError(
    `Cannot keep a data part of ${counted(bytes, "byte")} in memory: ` +
      (cause === undefined ? `at most ${DATA_BYTES_MAX} are possible` : "the runtime has no more"),
    { cause },
  );
}

/** A copy of a data part in one piece. */
export function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = room(bytes);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}

/** Memory for a data part; throws `LimitExceededError` if the allocation fails. */
function room(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw tooLarge(bytes, cause);
  }
}
