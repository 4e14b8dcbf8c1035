import { nodeStorage } from "../../src/storage/node.ts";
import type { OpenMode, PublishOptions, Storage, StorageFile } from "../../src/storage/port.ts";

/** What a test changes in each file that is opened: methods that replace the file's own. */
export type FileChange = (file: StorageFile, path: string, mode: OpenMode) => Partial<StorageFile>;

/** The real storage, with files that behave as a test says. */
export function changedStorage(changeFile: FileChange, changes: Partial<Storage> = {}): Storage {
  return {
    ...nodeStorage,
    open: (path, mode) => changed(nodeStorage.open(path, mode), changeFile, mode),
    publish: (path, content, options) =>
      nodeStorage.publish(path, content, keptAs(options, (file) => changed(file, changeFile, "update"))),
    ...changes,
  };
}

/** Options of `publish` with which the caller is given another file than the one that was made. */
export function keptAs(
  options: PublishOptions | undefined,
  wrap: (file: StorageFile) => StorageFile,
): PublishOptions | undefined {
  const keep = options?.keep;
  return keep === undefined ? options : { ...options, keep: (file, state) => keep(wrap(file), state) };
}

function changed(file: StorageFile, changeFile: FileChange, mode: OpenMode): StorageFile {
  const whole = forwardingTo(file);
  return { ...whole, ...changeFile(whole, file.path, mode) };
}

/** A file whose methods are properties of its own, so that some of them can be replaced. */
export function forwardingTo(file: StorageFile): StorageFile {
  return {
    path: file.path,
    append: (bytes) => file.append(bytes),
    readAt: (into, offset) => file.readAt(into, offset),
    writeAt: (bytes, offset) => file.writeAt(bytes, offset),
    size: () => file.size(),
    sync: () => file.sync(),
    syncNow: () => file.syncNow(),
    close: () => file.close(),
  };
}

/** Both ways to sync a folder, as a test says. */
export function folderSyncs(
  syncDirectory: Storage["syncDirectory"],
): Pick<Storage, "syncDirectory" | "syncDirectoryLater"> {
  const syncDirectoryLater = (path: string, change?: () => void) =>
    new Promise<void>((resolve) => resolve(syncDirectory(path, change)));
  return { syncDirectory, syncDirectoryLater };
}
