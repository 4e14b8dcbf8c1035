/**
 * The storage port on `node:fs`, alike in Deno, Node and Bun.
 *
 * @module
 */
import * as nodeFs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { DiasporaError, StorageError } from "../errors.ts";
import { errnoOf } from "./errno.ts";
import { closeIdleFiles } from "./idle_files.ts";
import { storageError } from "./storage_error.ts";
import {
  isMissing,
  type OpenMode,
  type PathState,
  type PublishOptions,
  type Storage,
  type StorageFile,
} from "./port.ts";
import { isGone, openFile, readIfThere } from "./regular_file.ts";
import {
  draftOf,
  type FileSystem,
  lookAt,
  pause,
  publishDraft,
  random32,
  release,
  removeDraft,
  removeFile,
  removeTree,
  rename,
  syncFolder,
  syncFolderLater,
  type System,
} from "./system.ts";

function attempt<T>(verb: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof DiasporaError) throw cause;
    // A call that opens something has done nothing then, and is made again.
    if (lacksDescriptors(cause) && closeIdleFiles()) return attempt(verb, path, action);
    throw storageError(verb, path, cause);
  }
}

function lacksDescriptors(cause: unknown): boolean {
  return ["EMFILE", "ENFILE"].includes(errnoOf(cause));
}

function stateOf(stat: nodeFs.Stats): PathState {
  const kind = stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other";
  const { size: bytes, mtimeMs: modified, ino: inode } = stat;
  return { kind, bytes, modified, inode, made: stat.birthtimeMs || stat.ctimeMs };
}

/** The largest descriptor there can be, and no file's: the system refuses it (EBADF). */
const CLOSED = 2 ** 31 - 1;

class NodeFile implements StorageFile {
  constructor(readonly path: string, private fd: number, private readonly fs: FileSystem) {}

  append(bytes: Uint8Array): number {
    try {
      return this.fs.writeSync(this.fd, bytes);
    } catch (cause) {
      throw storageError("append to", this.path, cause);
    }
  }

  readAt(into: Uint8Array, offset: number): number {
    try {
      return this.fs.readSync(this.fd, into, 0, into.byteLength, offset);
    } catch (cause) {
      throw storageError("read", this.path, cause);
    }
  }

  writeAt(bytes: Uint8Array, offset: number): number {
    try {
      return this.fs.writeSync(this.fd, bytes, 0, bytes.byteLength, offset);
    } catch (cause) {
      throw storageError("write to", this.path, cause);
    }
  }

  size(): number {
    return attempt("look at", this.path, () => {
      try {
        const { nlink, size } = this.fs.fstatSync(this.fd);
        return nlink === 0 ? -1 : size;
      } catch (error) {
        const isRemoved = isGone(error) &&
          this.fs.lstatSync(this.path, { throwIfNoEntry: false }) === undefined;
        if (isRemoved) return -1;
        throw error;
      }
    });
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.fs.fdatasync(
        this.fd,
        (cause) => cause ? reject(storageError("sync", this.path, cause)) : resolve(),
      );
    });
  }

  syncNow(): void {
    attempt("sync", this.path, () => this.fs.fdatasyncSync(this.fd));
  }

  close(): void {
    const { fd } = this;
    // The system gives the number to the file that is opened next.
    this.fd = CLOSED;
    release(this.fs, fd);
  }
}

/** How often a draft is written again because another process removed it. */
const DRAFTS_MAX = 3;

/** The storage port on a file system. */
export function storageOn(system: System): Storage {
  const { fs } = system;
  return {
    open(path: string, mode: OpenMode): StorageFile {
      return attempt("open", path, () => new NodeFile(path, openFile(fs, path, mode).fd, fs));
    },

    list(path: string): string[] {
      return attempt("list", path, () => fs.readdirSync(path));
    },

    stat(path: string) {
      const stat = attempt("look at", path, () => lookAt(system, path));
      return stat && stateOf(stat);
    },

    readWhole(path: string, bytesMax = Infinity): Uint8Array | undefined {
      return attempt("read", path, () => readIfThere(fs, path, bytesMax));
    },

    makeDirectory(path: string): void {
      attempt("make folder", path, () => fs.mkdirSync(path));
    },

    publish(path: string, content: Uint8Array, options: PublishOptions = {}): boolean {
      const { durable = true, confirm, keep } = options;
      return withDraft(fs, path, { content, durable, isOpen: keep !== undefined }, (draft, fd) => {
        if (confirm?.() === false) return false;
        if (!attempt("publish", path, () => publishDraft(system, draft, path))) return false;
        if (keep === undefined) return true;
        const state = attempt("look at", path, () => stateOf(fs.fstatSync(fd!)));
        keep(new NodeFile(path, fd!, fs), state);
        return "kept";
      }) !== false;
    },

    replace(path: string, content: Uint8Array): void {
      withDraft(fs, path, { content, durable: true, isOpen: false }, (draft) => {
        attempt("replace", path, () => rename(system, draft, path));
      });
    },

    rename(from: string, to: string): void {
      attempt("rename", from, () => rename(system, from, to));
    },

    remove(path: string): void {
      attempt("remove", path, () => removeFile(system, path));
    },

    removeTree(path: string): void {
      attempt("remove", path, () => removeTree(system, path));
    },

    syncDirectory(path: string, change?: () => void): void {
      attempt("sync", path, () => syncFolder(system, path, change));
    },

    syncDirectoryLater(path: string, change?: () => void): Promise<void> {
      const sync = () => syncFolderLater(system, path, change);
      const failed = (cause: unknown) =>
        attempt("sync", path, () => {
          throw cause;
        });
      return sync().catch((cause) => {
        if (!lacksDescriptors(cause)) throw cause;
        // If there are none, another sync that failed at the same moment may have closed them.
        closeIdleFiles();
        return sync();
      }).catch(failed);
    },

    watch(path: string, changed: () => void): { close(): void } | undefined {
      try {
        const watcher = fs.watch(path, { persistent: true }, changed);
        watcher.on("error", () => watcher.close());
        return watcher;
      } catch {
        // No watches left, or a file system without them: the slow poll beside the watch does the work.
        return undefined;
      }
    },

    now(): number {
      // A clock that was never set may show a time before that.
      return Math.max(0, Date.now());
    },

    random32,

    pause,
  };
}

/** The real file system. */
export const nodeStorage: Storage = storageOn({ fs: nodeFs, windows: process.platform === "win32" });

/**
 * Writes a draft and uses it. If it was removed meanwhile, by a process whose clock is an hour ahead and which took it
 * for a leftover, it is written again.
 */
function withDraft<T>(
  fs: FileSystem,
  path: string,
  settings: DraftSettings,
  use: (draft: string, fd: number | undefined) => T | "kept",
): T | "kept" {
  const nodeOf = (path: string) =>
    attempt("look at", path, () => fs.lstatSync(path, { throwIfNoEntry: false })?.ino);
  const folder = nodeOf(dirname(path));
  for (let drafts = 1;; drafts++) {
    const { draft, fd } = writeDraft(fs, path, settings);
    let result: T | "kept" | undefined;
    try {
      return result = use(draft, fd);
    } catch (error) {
      // Not if the folder is another one by now, of a new topic or consumer.
      const isGone = isMissing(error) && nodeOf(draft) === undefined && nodeOf(dirname(path)) === folder;
      if (!isGone || drafts === DRAFTS_MAX) throw error;
    } finally {
      if (fd !== undefined && result !== "kept") release(fs, fd);
      removeDraft(fs, draft);
    }
  }
}

/** A draft's content, whether it is synced, and whether its file stays open, for updates. */
interface DraftSettings {
  content: Uint8Array;
  durable: boolean;
  isOpen: boolean;
}

/** Writes a file next to its final path, under a name that readers ignore; returns its descriptor if it stays open. */
function writeDraft(
  fs: FileSystem,
  path: string,
  { content, durable, isOpen }: DraftSettings,
): { draft: string; fd: number | undefined } {
  const draft = draftOf(path);
  const fd = attempt("write", path, () => fs.openSync(draft, isOpen ? "wx+" : "wx", 0o666));
  let isWritten = false;
  try {
    try {
      for (let written = 0; written < content.byteLength;) {
        const taken = fs.writeSync(fd, content, written, content.byteLength - written);
        if (taken === 0) throw noRoom(path);
        written += taken;
      }
      if (durable) fs.fdatasyncSync(fd);
      isWritten = true;
    } finally {
      if (!isOpen || !isWritten) fs.closeSync(fd);
    }
  } catch (cause) {
    removeDraft(fs, draft);
    throw cause instanceof StorageError ? cause : storageError("write", path, cause);
  }
  return { draft, fd: isOpen ? fd : undefined };
}

/** A system that takes nothing of a write, and gives no reason, would be asked for ever. */
function noRoom(path: string): StorageError {
  const message = `Cannot write "${path}": the system took nothing of it; make room (ENOSPC)`;
  return new StorageError("ENOSPC", message, { canRetry: true });
}
