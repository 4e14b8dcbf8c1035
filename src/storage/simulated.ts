/**
 * A disk that fails on purpose, for tests. Everything random comes from one seed, so a run can be repeated.
 *
 * A {@linkcode SimulatedDisk} holds the files; each {@linkcode SimulatedProcess} is a storage port onto it. Before
 * every call of a process the disk may let others take a step, kill the process, or fail the call; an append may
 * be cut short, or be seen half-done by readers. A power cut kills everybody and keeps, of everything not
 * synced, what it likes.
 *
 * @module
 */
import { StorageError } from "../errors.ts";
import type { OpenMode, PublishOptions, Storage, StorageFile } from "./port.ts";
import { Namespace } from "./simulated_namespace.ts";
import { Inode } from "./simulated_inode.ts";

/** How likely each fault is, from 0 to 1; what is left out never happens. */
export interface FaultRates {
  /** Others take a step before a call. */
  preempt?: number;
  /** The process is killed before a call, or in the middle of an append. */
  kill?: number;
  /** An append takes only a part. */
  shortWrite?: number;
  /** A read gives only a part of what is there. */
  shortRead?: number;
  /** A call fails with ENOSPC, EIO or EMFILE. */
  error?: number;
  /** Readers see an append half-done. */
  halfSeen?: number;
}

/** Far more than any story needs. */
const CALLS_MAX = 2_000_000;

/** Thrown through a process that was killed; nothing in the library catches it for good. */
export class SimulatedKill extends Error {
  override readonly name = "SimulatedKill";
}

/** Random numbers from a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to 2^32 - 1. */
  next32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number below a limit. */
  below(limit: number): number {
    return this.next32() % limit;
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next32() < probability * 4294967296;
  }
}

/** The files, what of them survives a power cut, and the faults. */
export class SimulatedDisk {
  readonly names: Namespace = new Namespace();
  readonly random: Random;
  faults: FaultRates = {};
  /** Calls made by all processes. */
  calls = 0;
  /** Called where others may run; `readersOnly` while an append is half-done. */
  others: (readersOnly: boolean) => void = () => {};
  /** Milliseconds since 1970; moves a little with every call. */
  time = 1_700_000_000_000;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** Everything not synced is lost, torn, zeroed or kept, file by file and page by page. */
  powerCut(): void {
    this.names.powerCut(this.random);
    for (const inode of this.names.inodes()) inode.powerCut(this.random);
    this.time += 1000;
  }
}

/** One process's view of the disk. */
export class SimulatedProcess implements Storage {
  alive = true;

  constructor(private readonly disk: SimulatedDisk) {}

  open(path: string, mode: OpenMode): StorageFile {
    this.call("open", path, ["EMFILE"]);
    return new SimulatedFile(this, this.disk, path, this.disk.names.file(path), mode);
  }

  list(path: string): string[] {
    this.call("list", path, []);
    return this.disk.names.list(path);
  }

  stat(path: string): { kind: "file" | "directory" | "other"; bytes: number; modified: number } | undefined {
    this.call("look at", path, []);
    const entry = this.disk.names.get(path);
    if (entry === undefined) return undefined;
    if (entry === "directory") return { kind: "directory", bytes: 0, modified: this.disk.time };
    return { kind: "file", bytes: entry.size, modified: this.disk.time };
  }

  readWhole(path: string): Uint8Array | undefined {
    this.call("read", path, []);
    const entry = this.disk.names.get(path);
    return entry instanceof Inode ? entry.read(0, entry.size) : undefined;
  }

  makeDirectory(path: string): void {
    this.call("make folder", path, ["ENOSPC"]);
    this.disk.names.makeDirectory(path);
  }

  publish(path: string, content: Uint8Array, { confirm }: PublishOptions = {}): boolean {
    // Before the process can be interrupted: the bytes may lie in memory that others use.
    const inode = new Inode();
    inode.append(content);
    inode.sync();
    this.call("publish", path, ["ENOSPC", "EMFILE"]);
    if (confirm?.() === false) return false;
    return this.disk.names.link(path, inode);
  }

  replace(path: string, content: Uint8Array): void {
    this.call("replace", path, ["ENOSPC"]);
    const inode = new Inode();
    inode.append(content);
    inode.sync();
    this.disk.names.replace(path, inode);
  }

  rename(from: string, to: string): void {
    this.call("rename", from, []);
    this.disk.names.rename(from, to);
  }

  remove(path: string): void {
    this.call("remove", path, []);
    this.disk.names.remove(path);
  }

  removeTree(path: string): void {
    this.call("remove", path, []);
    this.disk.names.removeTree(path);
  }

  syncDirectory(path: string): void {
    this.call("sync", path, ["EIO"]);
    this.disk.names.sync();
  }

  watch(): undefined {
    return undefined;
  }

  now(): number {
    return this.disk.time += this.disk.random.below(3);
  }

  random32(): number {
    return this.disk.random.next32();
  }

  /** What may happen before any call. */
  call(verb: string, path: string, errnos: readonly string[]): void {
    const { disk } = this;
    this.checkAlive();
    if (++disk.calls > CALLS_MAX) throw new Error(`Made ${CALLS_MAX} calls: something goes in circles`);
    if (disk.random.chance(disk.faults.preempt ?? 0)) disk.others(false);
    // Others may have cut the power.
    this.checkAlive();
    if (disk.random.chance(disk.faults.kill ?? 0)) this.kill();
    if (errnos.length > 0 && disk.random.chance(disk.faults.error ?? 0)) {
      const errno = errnos[disk.random.below(errnos.length)];
      throw new StorageError(errno, `Cannot ${verb} "${path}": simulated (${errno})`, { canRetry: true });
    }
  }

  /** Ends the process at this very call. */
  kill(): never {
    this.alive = false;
    throw new SimulatedKill();
  }

  /** A dead process does nothing more. */
  checkAlive(): void {
    if (!this.alive) throw new SimulatedKill();
  }
}

class SimulatedFile implements StorageFile {
  constructor(
    private readonly process: SimulatedProcess,
    private readonly disk: SimulatedDisk,
    readonly path: string,
    private readonly inode: Inode,
    private readonly mode: OpenMode,
  ) {}

  append(bytes: Uint8Array): number {
    if (this.mode !== "append") throw new Error("opened for something else");
    // Before the process can be interrupted: the bytes may lie in memory that others use.
    const own = bytes.slice();
    this.process.call("append to", this.path, ["ENOSPC", "EIO"]);
    const { random, faults } = this.disk;
    if (random.chance(faults.kill ?? 0)) {
      this.inode.append(
        own.subarray(0, random.chance(0.2) ? own.byteLength : cutPoint(random, own.byteLength)),
      );
      this.process.kill();
    }
    if (random.chance(faults.shortWrite ?? 0)) {
      const taken = cutPoint(random, own.byteLength);
      this.inode.append(own.subarray(0, taken));
      return taken;
    }
    if (random.chance(faults.halfSeen ?? 0)) {
      const seen = random.below(own.byteLength);
      this.inode.append(own.subarray(0, seen));
      this.disk.others(true);
      this.process.checkAlive();
      this.inode.append(own.subarray(seen));
      return own.byteLength;
    }
    this.inode.append(own);
    return own.byteLength;
  }

  readAt(into: Uint8Array, offset: number): number {
    this.process.call("read", this.path, []);
    const { random, faults } = this.disk;
    const there = this.inode.read(offset, into.byteLength);
    const bytes = there.byteLength > 1 && random.chance(faults.shortRead ?? 0)
      ? 1 + random.below(there.byteLength - 1)
      : there.byteLength;
    into.set(there.subarray(0, bytes));
    return bytes;
  }

  writeAt(bytes: Uint8Array, offset: number): number {
    if (this.mode !== "update") throw new Error("opened for something else");
    const own = bytes.slice();
    this.process.call("write to", this.path, ["EIO"]);
    this.inode.write(offset, own);
    return own.byteLength;
  }

  size(): number {
    this.process.call("look at", this.path, []);
    return this.disk.names.has(this.inode) ? this.inode.size : -1;
  }

  sync(): Promise<void> {
    return new Promise((resolve) => {
      this.syncNow();
      resolve();
    });
  }

  syncNow(): void {
    this.process.call("sync", this.path, ["EIO"]);
    this.inode.sync();
  }

  close(): void {
    // A process that was killed closes nothing by itself, and there is nothing to release.
  }
}

/** Where a write is cut short: often within a few bytes of either end, where the records of a frame are. */
function cutPoint(random: Random, bytes: number): number {
  const near = Math.min(bytes, 80);
  if (random.chance(0.3)) return random.below(near);
  if (random.chance(0.4)) return bytes - 1 - random.below(near);
  return random.below(bytes);
}
