import process from "node:process";
import { StorageError } from "../../../src/errors.ts";
import { Directory, type Entry } from "./directory.ts";
import { Inode } from "./inode.ts";
import type { Random } from "./random.ts";

/**
 * In which order changes of names reach the disk: all changes, those of one directory, or those of one name.
 */
export type Journal = "global" | "directory" | "none";

/** One change of names; a rename has two parts and is never done by half. */
interface Change {
  parts: { directory: Directory; name: string; entry: Entry | undefined }[];
  /** A sync that should have stored it failed: it stays in memory, unless the directory changes again. */
  isDropped: boolean;
}

/** A path as it is here; an absolute one has a drive and backslashes on Windows. */
const pathHere = process.platform === "win32"
  ? (path: string): string => path.replace(/^[A-Za-z]:/, "").replaceAll("\\", "/")
  : (path: string): string => path;

/**
 * Names and the files they refer to. Changes are visible at once, and reach the disk by a sync, or by chance.
 */
export class Namespace {
  readonly root = new Directory();
  journal: Journal = "global";
  /** The time for directories, in milliseconds since 1970. */
  now: () => number = () => 0;
  #unsynced: Change[] = [];
  /** Directories by path, to be found at once; forgotten when any directory appears or goes. */
  readonly #directories = new Map<string, Directory>();

  get(pathAnywhere: string): Entry | undefined {
    const path = pathHere(pathAnywhere);
    const slash = path.lastIndexOf("/");
    if (slash < 0) return this.root;
    const parent = path.slice(0, slash);
    if (slash === path.length - 1) return this.get(parent);
    let directory = this.#directories.get(parent);
    if (directory === undefined) {
      const found = this.get(parent);
      if (!(found instanceof Directory)) return undefined;
      directory = found;
      this.#directories.set(parent, directory);
    }
    return directory.entries.get(path.slice(slash + 1));
  }

  file(path: string): Inode {
    const entry = this.get(path);
    if (entry instanceof Inode) return entry;
    throw fault(entry === undefined ? "ENOENT" : "EISDIR", path);
  }

  directory(path: string): Directory {
    const entry = this.get(path);
    if (entry instanceof Directory) return entry;
    throw fault(entry === undefined ? "ENOENT" : "ENOTDIR", path);
  }

  /** Paths of all files. */
  files(): string[] {
    const walk = (directory: Directory, path: string): string[] =>
      [...directory.entries].flatMap(([name, entry]) =>
        entry instanceof Directory ? walk(entry, `${path}/${name}`) : [`${path}/${name}`]
      );
    return walk(this.root, "");
  }

  makeDirectory(path: string): void {
    this.#add(path, new Directory());
  }

  /** Gives a file a name; throws `EEXIST` if the name is taken. */
  link(path: string, inode: Inode): void {
    this.#add(path, inode);
  }

  /** Removes a file's name. */
  unlink(path: string): void {
    const { directory, name } = this.#parentOf(path);
    if (!(directory.entries.get(name) instanceof Inode)) {
      throw fault(directory.entries.has(name) ? "EISDIR" : "ENOENT", path);
    }
    this.#change([{ directory, name, entry: undefined }]);
  }

  removeDirectory(path: string): void {
    const { directory, name } = this.#parentOf(path);
    if (this.directory(path).entries.size > 0) throw fault("ENOTEMPTY", path);
    this.#change([{ directory, name, entry: undefined }]);
  }

  rename(from: string, to: string): void {
    const old = this.#parentOf(from);
    const entry = old.directory.entries.get(old.name);
    if (entry === undefined) throw fault("ENOENT", from);
    const target = this.#parentOf(to);
    const there = target.directory.entries.get(target.name);
    if (there === entry) return;
    if (there instanceof Directory) {
      if (entry instanceof Inode) throw fault("EISDIR", to);
      if (there.entries.size > 0) throw fault("ENOTEMPTY", to);
    } else if (there instanceof Inode && entry instanceof Directory) throw fault("ENOTDIR", to);
    this.#change([{ ...old, entry: undefined }, { ...target, entry }]);
  }

  /** Writes a directory's changes to the disk, with those that have to precede them. */
  sync(directory: Directory): void {
    this.beginSync(directory)();
  }

  /** Begins to write what was changed until now; the disk has it once the returned function was called. */
  beginSync(directory: Directory): () => void {
    const begun = new Set(this.#unsynced);
    return () => this.#finishSync((change) => begun.has(change) && isIn(change, directory));
  }

  #finishSync(touches: (change: Change) => boolean): void {
    let last = this.#unsynced.length - 1;
    while (last >= 0 && !touches(this.#unsynced[last])) last--;
    const wanted = new Map<Directory, Set<string>>();
    const kept: Change[] = [];
    const stored: Change[] = [];
    // What was dropped is written only with the directory's next change.
    let isRewritten = false;
    for (let index = this.#unsynced.length - 1; index >= 0; index--) {
      const change = this.#unsynced[index];
      const isWanted = touches(change) || (this.journal === "global" && index < last) ||
        change.parts.some((part) => wanted.get(part.directory)?.has(part.name));
      if (isWanted && (isRewritten || !change.isDropped)) {
        isRewritten ||= touches(change);
        for (const { directory, name } of change.parts) {
          if (!wanted.has(directory)) wanted.set(directory, new Set());
          wanted.get(directory)!.add(name);
        }
        stored.push(change);
      } else kept.push(change);
    }
    this.#unsynced = kept.reverse();
    for (const change of stored.reverse()) store(change);
  }

  /** The disk refused a directory's changes. */
  failSync(directory: Directory): void {
    directory.failures++;
    for (const change of this.#unsynced) {
      if (isIn(change, directory)) change.isDropped = true;
    }
  }

  /** What was synced remains; of the other changes, some remain, in the order that the journal guarantees. */
  powerCut(random: Random): void {
    const lossRate = random.pick([0, 0.1, 0.4, 1]);
    const lost = new Set<string>();
    const numbers = new Map<Directory, number>();
    const keysOf = ({ parts }: Change): string[] => {
      if (this.journal === "global") return ["all"];
      return parts.map(({ directory, name }) => {
        if (!numbers.has(directory)) numbers.set(directory, numbers.size);
        return this.journal === "none" ? `${numbers.get(directory)}/${name}` : `${numbers.get(directory)}`;
      });
    };
    for (const change of this.#unsynced) {
      const keys = keysOf(change);
      if (change.isDropped || keys.some((key) => lost.has(key)) || random.chance(lossRate)) {
        for (const key of keys) lost.add(key);
      } else store(change);
    }
    this.#unsynced = [];
    this.#directories.clear();
    for (const inode of this.#restore(this.root, new Set())) inode.powerCut(random);
  }

  /** Processes see what the disk has; returns every file. */
  #restore(directory: Directory, files: Set<Inode>): Set<Inode> {
    directory.entries.clear();
    for (const [name, entry] of directory.durable) {
      directory.entries.set(name, entry);
      if (entry instanceof Directory) {
        entry.isRemoved = false;
        this.#restore(entry, files);
      } else {
        entry.links = files.has(entry) ? entry.links + 1 : 1;
        files.add(entry);
      }
    }
    return files;
  }

  #add(path: string, entry: Entry): void {
    const { directory, name } = this.#parentOf(path);
    if (directory.entries.has(name)) throw fault("EEXIST", path);
    this.#change([{ directory, name, entry }]);
  }

  #parentOf(pathAnywhere: string): { directory: Directory; name: string } {
    const path = pathHere(pathAnywhere);
    const slash = path.lastIndexOf("/");
    return { directory: this.directory(path.slice(0, slash)), name: path.slice(slash + 1) };
  }

  #change(parts: Change["parts"]): void {
    for (const { directory, name, entry } of parts) {
      const before = directory.entries.get(name);
      if (before instanceof Directory || entry instanceof Directory) this.#directories.clear();
      if (before instanceof Inode) before.links--;
      else if (before !== undefined) before.isRemoved = true;
      if (entry === undefined) directory.entries.delete(name);
      else directory.entries.set(name, entry);
      if (entry instanceof Inode) entry.links++;
      else if (entry !== undefined) entry.isRemoved = false;
      directory.modified = this.now();
    }
    this.#unsynced.push({ parts, isDropped: false });
  }
}

function isIn({ parts }: Change, directory: Directory): boolean {
  return parts.some((part) => part.directory === directory);
}

function store({ parts }: Change): void {
  for (const { directory, name, entry } of parts) {
    if (entry === undefined) directory.durable.delete(name);
    else directory.durable.set(name, entry);
  }
}

/** An error of the system. */
export function fault(errno: string, path: string): StorageError {
  return new StorageError(errno, `Cannot use "${path}" (${errno})`);
}
