import { openIfThere, type Storage, type StorageFile, writeOnceAt } from "../storage/port.ts";

const COUNT_BYTES = 8;

/** A member's heartbeat: a file with a number that it increments. */
export class Heartbeat {
  #file: StorageFile | undefined;
  #count = 0;

  constructor(private readonly storage: Storage, private readonly path: string) {}

  /** Increments the number; makes the file if it is not there. */
  beat(): void {
    this.#count++;
    if (this.#file !== undefined && this.#file.size() < 0) this.close();
    if (this.#file === undefined) {
      this.storage.publish(this.path, bytesOf(0), { durable: false });
      this.#file = openIfThere(this.storage, this.path);
      // Removed immediately by a member that took this one for dead: the roster says so.
      if (this.#file === undefined) return;
    }
    writeOnceAt(this.#file, bytesOf(this.#count), 0);
  }

  end(): void {
    this.close();
    this.storage.remove(this.path);
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** The number that a member wrote last; -1 without a file. */
export function readHeartbeat(storage: Storage, path: string): number {
  const bytes = storage.readWhole(path, COUNT_BYTES);
  if (bytes?.byteLength !== COUNT_BYTES) return -1;
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
}

function bytesOf(count: number): Uint8Array {
  const bytes = new Uint8Array(COUNT_BYTES);
  new DataView(bytes.buffer).setFloat64(0, count, true);
  return bytes;
}
