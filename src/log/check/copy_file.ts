import { StorageError } from "../../errors.ts";
import { readFully } from "../segment/window.ts";
import { type Storage, type StorageFile, writeAllAt } from "../../storage/port.ts";

const PIECE_BYTES = 1 << 20;

/** Copies a file piece by piece and syncs the copy; an existing file is replaced. */
export function copyFile(storage: Storage, from: string, to: string): void {
  storage.remove(to);
  storage.publish(to, new Uint8Array(0));
  const source = storage.open(from, "read");
  try {
    const target = storage.open(to, "update");
    try {
      const piece = new Uint8Array(PIECE_BYTES);
      for (let offset = 0;;) {
        const bytes = source.readAt(piece, offset);
        if (bytes === 0) break;
        writeAllAt(target, piece.subarray(0, bytes), offset);
        offset += bytes;
      }
      target.syncNow();
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}

/** Reads at an offset; the bytes must be there. */
export function readAllAt(file: StorageFile, bytes: number, offset: number): Uint8Array {
  const into = new Uint8Array(bytes);
  if (readFully(file, into, offset) === bytes) return into;
  throw new StorageError("EIO", `Cannot read "${file.path}": it ends before byte ${offset + bytes}`);
}
