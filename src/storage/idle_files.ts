/**
 * Files that are open only because they will probably be used again. A topic may have more partitions than a process may
 * have files open: when the system has no descriptor left for another file, these are closed, and opened again when they
 * are needed.
 *
 * @module
 */
import type { Storage } from "./port.ts";

/** What has such files. */
export interface IdleFiles {
  /** Closes those that nothing is being done with; returns whether there were any. */
  closeIdle(): boolean;
}

/** Those of this process, with the storage they are in: the simulation closes those of one of its processes. */
export const idleFiles: Map<IdleFiles, Storage> = new Map();

/** Registers who has opened such files; it must unregister when it has closed them. */
export function registerIdle(files: IdleFiles, storage: Storage): void {
  idleFiles.set(files, storage.base ?? storage);
}

export function unregisterIdle(files: IdleFiles): void {
  idleFiles.delete(files);
}

/** Closes all of them; returns whether there were any. What fails there is not the fault of the file to be opened. */
export function closeIdleFiles(): boolean {
  const closed = [...idleFiles.keys()].map((files) => {
    try {
      return files.closeIdle();
    } catch {
      return false;
    }
  });
  return closed.includes(true);
}
