import { StorageError } from "../../errors.ts";
import { isMissing, type Storage, type StorageFile } from "../../storage/port.ts";
import { counted } from "../../counted.ts";

const BEAT_BYTES = 8;

/** The sign of life of a member: a file with a number that grows. */
export class Beat {
  #file: StorageFile | undefined;
  #count = 0;

  constructor(private readonly storage: Storage, private readonly path: string) {}

  /** Lets the number grow. */
  next(): void {
    this.#count++;
    if (this.#file !== undefined && this.#file.size() < 0) this.close();
    if (this.#file === undefined) {
      this.storage.publish(this.path, bytesOf(0), { durable: false });
      try {
        this.#file = this.storage.open(this.path, "update");
      } catch (error) {
        // Taken away at once by one that took this member for gone: the roster says so.
        if (isMissing(error)) return;
        throw error;
      }
    }
    const written = this.#file.writeAt(bytesOf(this.#count), 0);
    if (written === BEAT_BYTES) return;
    throw new StorageError(
      "ENOSPC",
      `Cannot write "${this.path}": the system took ${counted(written, "byte")} of 8`,
      {
        canRetry: true,
      },
    );
  }

  /** Takes the file away. */
  end(): void {
    this.close();
    this.storage.remove(this.path);
  }

  /** Lets go of the file. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** The number that a member showed last; -1 where there is none. */
export function readBeat(storage: Storage, path: string): number {
  try {
    const bytes = storage.readWhole(path, BEAT_BYTES);
    if (bytes?.byteLength !== BEAT_BYTES) return -1;
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  } catch (error) {
    if (isMissing(error)) return -1;
    throw error;
  }
}

function bytesOf(count: number): Uint8Array {
  const bytes = new Uint8Array(BEAT_BYTES);
  new DataView(bytes.buffer).setFloat64(0, count, true);
  return bytes;
}
