import { StorageError } from "../errors.ts";
import { Inode } from "./simulated_inode.ts";
import type { Random } from "./simulated.ts";

type Entry = Inode | "directory";

/** Names and what they stand for; changes reach the disk in order, and by `sync`. */
export class Namespace {
  #entries = new Map<string, Entry>([["/", "directory"]]);
  #durable = new Map<string, Entry>(this.#entries);
  /** The state after each change since the last sync. */
  #unsynced: Map<string, Entry>[] = [];

  get(path: string): Entry | undefined {
    return this.#entries.get(path);
  }

  file(path: string): Inode {
    const entry = this.#entries.get(path);
    if (entry instanceof Inode) return entry;
    throw fault(entry === undefined ? "ENOENT" : "EISDIR", path);
  }

  has(inode: Inode): boolean {
    for (const entry of this.#entries.values()) if (entry === inode) return true;
    return false;
  }

  *inodes(): Generator<Inode> {
    for (const entry of this.#entries.values()) if (entry instanceof Inode) yield entry;
  }

  /** Paths of all files. */
  files(): string[] {
    return [...this.#entries].flatMap(([path, entry]) => entry instanceof Inode ? [path] : []);
  }

  list(path: string): string[] {
    if (this.#entries.get(path) !== "directory") throw fault("ENOENT", path);
    const prefix = `${path}/`;
    const names: string[] = [];
    for (const each of this.#entries.keys()) {
      if (each.startsWith(prefix) && !each.includes("/", prefix.length)) {
        names.push(each.slice(prefix.length));
      }
    }
    return names;
  }

  makeDirectory(path: string): void {
    if (this.#entries.has(path)) throw fault("EEXIST", path);
    this.#change((entries) => entries.set(path, "directory"));
  }

  link(path: string, inode: Inode): boolean {
    if (this.#entries.has(path)) return false;
    this.#change((entries) => entries.set(path, inode));
    return true;
  }

  replace(path: string, inode: Inode): void {
    this.#change((entries) => entries.set(path, inode));
  }

  rename(from: string, to: string): void {
    if (!this.#entries.has(from)) throw fault("ENOENT", from);
    if (this.#entries.get(to) === "directory" && this.list(to).length > 0) throw fault("ENOTEMPTY", to);
    this.#change((entries) => {
      for (const [path, entry] of [...entries]) {
        if (path !== from && !path.startsWith(`${from}/`)) continue;
        entries.delete(path);
        entries.set(to + path.slice(from.length), entry);
      }
    });
  }

  remove(path: string): void {
    if (this.#entries.has(path)) this.#change((entries) => entries.delete(path));
  }

  removeTree(path: string): void {
    this.#change((entries) => {
      for (const each of [...entries.keys()]) {
        if (each === path || each.startsWith(`${path}/`)) entries.delete(each);
      }
    });
  }

  sync(): void {
    this.#durable = new Map(this.#entries);
    this.#unsynced = [];
  }

  /** A file system's journal keeps the changes not synced up to some point. */
  powerCut(random: Random): void {
    const kept = random.below(this.#unsynced.length + 1);
    this.#entries = new Map(kept === 0 ? this.#durable : this.#unsynced[kept - 1]);
    this.sync();
  }

  #change(apply: (entries: Map<string, Entry>) => void): void {
    apply(this.#entries);
    this.#unsynced.push(new Map(this.#entries));
  }
}

function fault(errno: string, path: string): StorageError {
  return new StorageError(errno, `Cannot use "${path}": simulated (${errno})`);
}
