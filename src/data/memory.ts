import { LimitExceededError } from "../errors.ts";
import { counted } from "../text/counted.ts";

/** Takes memory for data that is read; throws `LimitExceededError` if the runtime has no more. */
export function dataMemory(size: number, take: () => Uint8Array = () => new Uint8Array(size)): Uint8Array {
  try {
    return take();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new LimitExceededError(
      `Cannot take ${counted(size, "byte")} of memory for data: the runtime has no more; ` +
        `free some, select less of the data, or load it in parts`,
      { cause },
    );
  }
}
