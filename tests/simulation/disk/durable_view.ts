import type { OpenMode, Storage, StorageFile } from "../../../src/storage/port.ts";
import { Directory, type Entry } from "./directory.ts";
import { Inode } from "./inode.ts";
import { fault } from "./namespace.ts";

/**
 * The disk as it would be after a power cut in this moment that destroys everything not synced: to be read
 * only.
 */
export class DurableView implements Storage {
  constructor(private readonly root: Directory) {}

  open(path: string, mode: OpenMode): StorageFile {
    if (mode !== "read") throw fault("EROFS", path);
    const entry = this.#get(path);
    if (entry instanceof Inode) return new DurableFile(path, entry.durableBytes);
    throw fault(entry === undefined ? "ENOENT" : "EISDIR", path);
  }

  list(path: string): string[] {
    const entry = this.#get(path);
    if (entry instanceof Directory) return [...entry.durable.keys()];
    throw fault(entry === undefined ? "ENOENT" : "ENOTDIR", path);
  }

  stat(path: string): { kind: "file" | "directory"; bytes: number; modified: number } | undefined {
    const entry = this.#get(path);
    if (entry === undefined) return undefined;
    return entry instanceof Inode
      ? { kind: "file", bytes: entry.durableBytes.byteLength, modified: entry.modified }
      : { kind: "directory", bytes: 0, modified: entry.modified };
  }

  readWhole(path: string, bytesMax = Infinity): Uint8Array | undefined {
    const entry = this.#get(path);
    return entry instanceof Inode ? entry.durableBytes.slice(0, bytesMax) : undefined;
  }

  makeDirectory = refuse;
  publish = refuse;
  replace = refuse;
  rename = refuse;
  remove = refuse;
  removeTree = refuse;
  syncDirectory = refuse;
  syncDirectoryLater = refuse;
  pause = refuse;

  watch(): undefined {
    return undefined;
  }

  now(): number {
    return 0;
  }

  random32(): number {
    return 0;
  }

  #get(path: string): Entry | undefined {
    let entry: Entry | undefined = this.root;
    for (const name of path.split("/").slice(1)) {
      if (!(entry instanceof Directory)) return undefined;
      entry = entry.durable.get(name);
    }
    return entry;
  }
}

class DurableFile implements StorageFile {
  append = refuse;
  writeAt = refuse;
  sync = refuse;
  syncNow = refuse;

  constructor(readonly path: string, private readonly bytes: Uint8Array) {}

  readAt(into: Uint8Array, offset: number): number {
    const there = this.bytes.subarray(offset, offset + into.byteLength);
    into.set(there);
    return there.byteLength;
  }

  size(): number {
    return this.bytes.byteLength;
  }

  close(): void {}
}

function refuse(path?: unknown): never {
  throw fault("EROFS", String(path));
}
