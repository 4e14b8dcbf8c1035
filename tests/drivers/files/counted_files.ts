import type { OpenMode, PublishOptions, Storage, StorageFile } from "../../../src/storage/port.ts";
import { keptAs } from "../../log/port_wrapper.ts";

/** A storage that says which of the files that were opened through it are still open. */
export function withOpenFiles(storage: Storage): { storage: Storage; openFiles: ReadonlySet<StorageFile> } {
  const openFiles = new Set<StorageFile>();
  const opened = (file: StorageFile): StorageFile => {
    openFiles.add(file);
    const close = file.close.bind(file);
    file.close = () => {
      openFiles.delete(file);
      close();
    };
    return file;
  };
  const counted = new Proxy(storage, {
    get: (disk, name: keyof Storage) =>
      name === "open"
        ? (path: string, mode: OpenMode) => opened(disk.open(path, mode))
        : name === "publish"
        ? (path: string, content: Uint8Array, options?: PublishOptions) =>
          disk.publish(path, content, keptAs(options, opened))
        : disk[name],
  });
  return { storage: counted, openFiles };
}
