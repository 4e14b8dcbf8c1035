import { once } from "node:events";
import { createWriteStream, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import { StorageError } from "../../errors.ts";
import { nodeStorage } from "../../storage/node.ts";
import type { Storage } from "../../storage/port.ts";
import { fileError } from "../usage_error.ts";

/** The file that an export writes. */
export interface ExportFile {
  stream: Writable;
  /** Everything is written: gives the file its name once its content is on the disk. */
  finish(): Promise<void>;
  /** The export failed: removes what might look complete. */
  abandon(): void;
}

/** Opens the file of an export: standard output for `-`. The file gets its name only when it is complete. */
export function openExportFile(path: string, output: Writable, storage: Storage = nodeStorage): ExportFile {
  if (path === "-") return { stream: output, finish: () => Promise.resolve(), abandon: () => {} };
  const { descriptor, written, isSpecial } = open(path);
  const stream = createWriteStream(written, { fd: descriptor });
  return {
    stream,
    async finish() {
      stream.end();
      try {
        await once(stream, "close");
      } catch (cause) {
        throw new Error(`Cannot write "${path}": ${(cause as Error).message}`, { cause });
      }
      if (!isSpecial) await publish(storage, written, path);
    },
    abandon() {
      stream.destroy();
      if (!isSpecial) rmSync(written, { force: true });
    },
  };
}

/** Folders that may only be written to, or whose file system syncs none, as those of virtual machines. */
const NOT_SYNCED = ["EACCES", "EPERM", "EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"];

/** After a power cut the name has this content, what it had before, or none. */
async function publish(storage: Storage, written: string, path: string): Promise<void> {
  const file = storage.open(written, "update");
  try {
    await file.sync();
  } finally {
    file.close();
  }
  storage.rename(written, path);
  try {
    await storage.syncDirectoryLater(dirname(path));
  } catch (error) {
    if (!(error instanceof StorageError && NOT_SYNCED.includes(error.errno))) throw error;
  }
}

/** Opened at once, so that an unwritable path is found before any work. */
function open(path: string): { descriptor: number; written: string; isSpecial: boolean } {
  try {
    const isSpecial = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
    // Of its own: two exports to one path would write into each other's file.
    const written = isSpecial ? path : `${path}.${crypto.randomUUID()}.partial`;
    return { descriptor: openSync(written, "w"), written, isSpecial };
  } catch (cause) {
    throw fileError("write", path, "--to.file", cause);
  }
}
