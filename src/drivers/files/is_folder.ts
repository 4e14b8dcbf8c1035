import { StorageError } from "../../errors.ts";
import type { Storage } from "../../storage/port.ts";

/** Rejects symbolic links, which could lead out of the topic. */
export function checkIsFolder(storage: Storage, path: string): void {
  const stat = storage.stat(path);
  if (stat === undefined || stat.kind === "directory") return;
  throw new StorageError(
    "ENOTDIR",
    `Cannot use "${path}": expected a folder of its own, no link and no file`,
  );
}
