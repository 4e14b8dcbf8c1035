import type { SimulatedDisk } from "./disk.ts";
import type { Inode, Writeback } from "./inode.ts";

/** Which failures of a file one open file has reported to its process. */
export interface ErrorMark {
  failuresSeen: number;
}

interface Sync {
  inode: Inode;
  mark: ErrorMark;
  writeback: Writeback;
  resolve: () => void;
  reject: (error: unknown) => void;
  /** What to reject with. */
  failure: () => Error;
  owner: unknown;
}

/** Syncs in progress: more may be written to their files before they are done. */
export class Syncs {
  #pending: Sync[] = [];

  constructor(private readonly disk: SimulatedDisk) {}

  get pending(): number {
    return this.#pending.length;
  }

  /** A file was opened: it will report later failures, and one that has not been reported to anyone. */
  static markOf(inode: Inode): ErrorMark {
    return { failuresSeen: inode.failures - (inode.isFailureUnreported ? 1 : 0) };
  }

  begin(sync: Omit<Sync, "writeback">): void {
    this.#pending.push({ ...sync, writeback: sync.inode.beginSync() });
  }

  /** Syncs synchronously; true if the disk has everything, as far as the open file reports. */
  now(inode: Inode, mark: ErrorMark): boolean {
    return this.#finish(inode, mark, inode.beginSync());
  }

  /** One of those in progress is done. */
  finishOne(): void {
    const index = this.disk.random.below(this.#pending.length);
    const [sync] = this.#pending.splice(index, 1);
    if (this.#finish(sync.inode, sync.mark, sync.writeback)) sync.resolve();
    else sync.reject(sync.failure());
  }

  /** Those of a dead process end in one way or the other, and are not reported. */
  abandon(owner: unknown, error: unknown): void {
    const theirs = this.#pending.filter((sync) => sync.owner === owner);
    this.#pending = this.#pending.filter((sync) => sync.owner !== owner);
    for (const { inode, writeback, reject } of theirs) {
      if (this.disk.random.chance(0.5)) inode.finishSync(writeback);
      reject(error);
    }
  }

  #finish(inode: Inode, mark: ErrorMark, writeback: Writeback): boolean {
    const { random, faults } = this.disk;
    if (random.chance(faults.failedSync)) inode.failSync(writeback, random);
    else inode.finishSync(writeback);
    if (mark.failuresSeen === inode.failures) return true;
    mark.failuresSeen = inode.failures;
    inode.isFailureUnreported = false;
    return false;
  }
}
