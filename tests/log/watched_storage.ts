import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage, StorageFile } from "../../src/storage/port.ts";

/** What a test puts in the place of a file's own methods; each is given the file it stands for. */
export type FileOverrides = (file: StorageFile) => Partial<StorageFile>;

/** The real storage, with some methods of the files it opens, and some of its own, replaced. */
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
