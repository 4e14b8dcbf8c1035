import { nodeStorage } from "../../src/storage/node.ts";
import type { OpenMode, Storage, StorageFile } from "../../src/storage/port.ts";

/** What a test changes in each file that is opened: methods that replace the file's own. */
export type FileChange = (file: StorageFile, path: string, mode: OpenMode) => Partial<StorageFile>;

/** The real storage, with files that behave as a test says. */
export function changedStorage(changeFile: FileChange, changes: Partial<Storage> = {}): Storage {
  return {
    ...nodeStorage,
    open(path, mode) {
      const file = nodeStorage.open(path, mode);
      const whole: StorageFile = {
        path,
        append: (bytes) => file.append(bytes),
        readAt: (into, offset) => file.readAt(into, offset),
        writeAt: (bytes, offset) => file.writeAt(bytes, offset),
        size: () => file.size(),
        sync: () => file.sync(),
        syncNow: () => file.syncNow(),
        close: () => file.close(),
      };
      return { ...whole, ...changeFile(whole, path, mode) };
    },
    ...changes,
  };
}
