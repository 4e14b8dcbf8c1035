import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage, StorageFile } from "../../src/storage/port.ts";
import { forwardingTo } from "./port_wrapper.ts";

/** Methods that a test substitutes for a file's own; each gets the original file. */
export type FileOverrides = (file: StorageFile) => Partial<StorageFile>;

/** The real storage, with some of its methods, and some of the files it opens, replaced. */
export function watchedStorage(files: FileOverrides, storage: Partial<Storage> = {}): Storage {
  return {
    ...nodeStorage,
    ...storage,
    open(path, mode) {
      const file = nodeStorage.open(path, mode);
      return Object.assign(forwardingTo(file), files(file));
    },
  };
}
