import { StorageError } from "../../../src/errors.ts";
import { idleFiles } from "../../../src/storage/idle_files.ts";
import type { OpenMode, PathState, PublishOptions, Storage, StorageFile } from "../../../src/storage/port.ts";
import type { SimulatedDisk } from "./disk.ts";
import { simulatedError, SimulatedKill } from "./failure.ts";
import { SimulatedFile } from "./file.ts";
import { Inode } from "./inode.ts";
import { Syncs } from "./syncs.ts";

/** Most steps that others take while a process is stopped. */
const STOPPED_STEPS_MAX = 40;

/**
 * One process's view of the disk: the calls of the port, as the system calls that `src/storage/node.ts`
 * makes.
 */
export class SimulatedProcess implements Storage {
  alive = true;
  /** Whether it is in the middle of a call while others run. */
  isInterrupted = false;
  /** Whether its runtime completes a short write itself, as Node and Deno do. */
  readonly loopsOverShortWrites: boolean;

  constructor(readonly disk: SimulatedDisk) {
    this.loopsOverShortWrites = disk.random.chance(0.5);
  }

  open(path: string, mode: OpenMode): StorageFile {
    this.call("open", path, ["EMFILE"]);
    return new SimulatedFile(this, path, this.disk.names.file(path), mode);
  }

  list(path: string): string[] {
    this.call("list", path, ["EMFILE", "EIO"]);
    const { disk } = this;
    const directory = disk.names.directory(path);
    const before = [...directory.entries.keys()];
    if (!disk.random.chance(disk.faults.preempt)) return before;
    // A listing takes several system calls: names created or removed in the meantime may be in it or not.
    this.interrupt(1);
    this.checkAlive();
    const after = directory.entries;
    const names = before.filter((name) => after.has(name) || disk.random.chance(0.5));
    const known = new Set(before);
    for (const name of after.keys()) if (!known.has(name) && disk.random.chance(0.5)) names.push(name);
    return names;
  }

  stat(path: string): PathState | undefined {
    this.call("look at", path, []);
    const entry = this.disk.names.get(path);
    if (entry === undefined) return undefined;
    return entry instanceof Inode
      ? { kind: "file", bytes: entry.size, modified: entry.modified }
      : { kind: "directory", bytes: 0, modified: entry.modified };
  }

  readWhole(path: string, bytesMax = Infinity): Uint8Array | undefined {
    this.call("read", path, ["EMFILE"]);
    const entry = this.disk.names.get(path);
    if (entry === undefined) return undefined;
    const inode = this.disk.names.file(path);
    this.call("read", path, ["EIO"]);
    return inode.read(0, Math.min(inode.size, bytesMax));
  }

  makeDirectory(path: string): void {
    this.call("make folder", path, ["ENOSPC", "EDQUOT"]);
    this.disk.names.makeDirectory(path);
  }

  publish(path: string, content: Uint8Array, options: PublishOptions = {}): boolean {
    const { durable = true, confirm, keep } = options;
    return this.#withDraft(path, content, durable, (draft) => {
      try {
        if (confirm?.() === false) return false;
        this.call("publish", path, ["ENOSPC", "EDQUOT"]);
        const inode = this.disk.names.file(draft);
        this.disk.names.link(path, inode);
        this.disk.onPublish(this, path);
        const { size: bytes, modified } = inode;
        keep?.(new SimulatedFile(this, path, inode, "update"), { kind: "file", bytes, modified });
        return true;
      } catch (error) {
        if (error instanceof StorageError && error.errno === "EEXIST") return false;
        throw error;
      }
    });
  }

  replace(path: string, content: Uint8Array): void {
    this.#withDraft(path, content, true, (draft) => {
      this.call("replace", path, ["ENOSPC", "EDQUOT"]);
      this.disk.names.rename(draft, path);
    });
  }

  rename(from: string, to: string): void {
    this.call("rename", from, ["ENOSPC", "EDQUOT"]);
    this.disk.names.rename(from, to);
  }

  remove(path: string): void {
    this.call("remove", path, ["EIO"]);
    if (this.disk.names.get(path) === undefined) return;
    this.#unlink(path);
  }

  removeTree(path: string): void {
    this.call("remove", path, ["EIO"]);
    const entry = this.disk.names.get(path);
    if (entry === undefined) return;
    if (entry instanceof Inode) return this.#unlink(path);
    for (const name of this.list(path)) this.removeTree(`${path}/${name}`);
    this.call("remove", path, []);
    if (this.disk.names.get(path) !== undefined) this.disk.names.removeDirectory(path);
  }

  syncDirectory(path: string, change?: () => void): void {
    this.#beginDirectorySync(path, change)();
  }

  async syncDirectoryLater(path: string, change?: () => void): Promise<void> {
    const finish = this.#beginDirectorySync(path, change);
    const { random, faults, syncs } = this.disk;
    if (!random.chance(faults.slowSync)) return finish();
    await new Promise<void>((resolve, reject) => {
      syncs.begin({
        finish: () => {
          try {
            resolve(finish());
          } catch (error) {
            reject(error);
          }
        },
        reject,
        owner: this,
      });
    });
  }

  /** Opens the directory, and begins to sync it; the returned function ends that. */
  #beginDirectorySync(path: string, change?: () => void): () => void {
    this.call("open", path, ["EMFILE"]);
    const { disk } = this;
    const directory = disk.names.directory(path);
    const { failures } = directory;
    change?.();
    this.call("sync", path, []);
    const finish = disk.names.beginSync(directory);
    return () => {
      // A process that opens it after that does not get the error.
      if (disk.random.chance(disk.faults.failedDirectorySync)) disk.names.failSync(directory);
      else finish();
      if (directory.failures > failures) throw simulatedError("EIO", "sync", path);
    };
  }

  watch(): undefined {
    return undefined;
  }

  now(): number {
    const { clock, random } = this.disk;
    clock.pass(random.below(3));
    return clock.now;
  }

  random32(): number {
    return this.disk.random.next32();
  }

  pause(ms: number): void {
    this.disk.clock.pass(Math.ceil(ms));
    this.call("pause", "", []);
  }

  /** What may happen before any system call. */
  call(verb: string, path: string, errnos: readonly string[]): void {
    const { disk } = this;
    this.checkAlive();
    disk.passTime();
    const { random, faults } = disk;
    // While an append is half-finished, there is more to see.
    const preempt = (faults.preempt ?? 0) * (disk.appending.size > 0 ? 5 : 1);
    if (random.chance(preempt)) this.interrupt(1);
    if (random.chance(faults.stop)) this.interrupt(5 + random.below(STOPPED_STEPS_MAX));
    // Others may have cut the power.
    this.checkAlive();
    if (random.chance(faults.kill)) this.kill();
    if (errnos.includes("EMFILE") && random.chance(faults.noDescriptor)) this.#closeIdle();
    if (errnos.length > 0 && random.chance(faults.error)) {
      throw simulatedError(random.pick(errnos), verb, path);
    }
  }

  /** Closes its idle files, as `closeIdleFiles` does. */
  #closeIdle(): void {
    for (const [files, storage] of [...idleFiles]) {
      if (storage !== this) continue;
      try {
        files.closeIdle();
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
      }
    }
  }

  /** Other processes take steps. */
  interrupt(steps: number): void {
    const before = this.isInterrupted;
    this.isInterrupted = true;
    try {
      this.disk.others(this, steps);
    } finally {
      this.isInterrupted = before;
    }
  }

  /** Ends the process at this very call. */
  kill(): never {
    this.end();
    throw new SimulatedKill();
  }

  /** The process makes no more calls. */
  end(): void {
    this.alive = false;
    this.disk.syncs.abandon(this, new SimulatedKill());
    for (const [files, storage] of idleFiles) if (storage === this) idleFiles.delete(files);
  }

  /** A dead process does nothing more. */
  checkAlive(): void {
    if (!this.alive) throw new SimulatedKill();
  }

  /** A draft that another process has removed is written again. */
  #withDraft<T>(path: string, content: Uint8Array, durable: boolean, use: (draft: string) => T): T {
    // Before the process can be interrupted: the bytes may be in memory that others use.
    const own = content.slice();
    const { names } = this.disk;
    const folderOf = () => names.get(path.slice(0, path.lastIndexOf("/")));
    const folder = folderOf();
    for (let drafts = 1;; drafts++) {
      const draft = this.#writeDraft(path, own, durable);
      try {
        return use(draft);
      } catch (error) {
        const isGone = error instanceof StorageError && error.errno === "ENOENT" &&
          names.get(draft) === undefined && folderOf() === folder;
        if (!isGone || drafts === 3) throw error;
      } finally {
        this.#discard(draft);
      }
    }
  }

  #writeDraft(path: string, own: Uint8Array, durable: boolean): string {
    const draft = `${path}.${this.random32().toString(16).padStart(8, "0")}.draft`;
    const { names, clock, random, syncs } = this.disk;
    this.call("write", path, ["ENOSPC", "EDQUOT", "EMFILE"]);
    const inode = new Inode();
    inode.modified = clock.now;
    names.link(draft, inode);
    try {
      for (let done = 0; done < own.byteLength;) {
        this.call("write", path, ["ENOSPC", "EDQUOT"]);
        const bytes = random.chance(this.disk.faults.shortWrite)
          ? 1 + random.below(own.byteLength - done)
          : own.byteLength - done;
        inode.append(own.subarray(done, done + bytes));
        done += bytes;
      }
      if (durable) {
        this.call("sync", path, []);
        if (!syncs.now(inode, Syncs.markOf(inode))) throw simulatedError("EIO", "write", path);
      }
    } catch (error) {
      this.#discard(draft);
      throw error;
    }
    return draft;
  }

  #discard(draft: string): void {
    try {
      this.remove(draft);
    } catch {
      // It remains.
    }
  }

  #unlink(path: string): void {
    this.disk.onUnlink(this, path);
    this.disk.names.unlink(path);
  }
}
