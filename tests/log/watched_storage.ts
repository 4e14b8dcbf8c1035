import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage, StorageFile } from "../../src/storage/port.ts";

/** Methods that a test substitutes for a file's own; each gets the original file. */
export type FileOverrides = (file: StorageFile) => Partial<StorageFile>;

/** The real storage, with some of its methods, and some of the files it opens, replaced. */
export function watchedStorage(files: FileOverrides, storage: Partial<Storage> = {}): Storage {
  return {
    ...nodeStorage,
    ...storage,
    open(path, mode) {
      const file = nodeStorage.open(path, mode);
      const own: StorageFile = {
        path,
        append: (bytes) => file.append(bytes),
        readAt: (into, offset) => file.readAt(into, offset),
        writeAt: (bytes, offset) => file.writeAt(bytes, offset),
        size: () => file.size(),
        sync: () => file.sync(),
        syncNow: () => file.syncNow(),
        close: () => file.close(),
      };
      return Object.assign(own, files(file));
    },
  };
}
