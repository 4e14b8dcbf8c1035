import type { SimulatedDisk } from "./disk.ts";
import type { Inode, Writeback } from "./inode.ts";

/** Which failures of a file one open file has reported to its process. */
export interface ErrorMark {
  failuresSeen: number;
}

interface Sync {
  /** Ends it, in one way or the other, and says so. */
  finish: () => void;
  reject: (error: unknown) => void;
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

  begin(sync: Sync): void {
    this.#pending.push(sync);
  }

  /** The same for a file. */
  beginFile(
    inode: Inode,
    mark: ErrorMark,
    sync: { resolve: () => void; failure: () => Error } & Omit<Sync, "finish">,
  ) {
    const writeback = inode.beginSync();
    const { resolve, reject, failure, owner } = sync;
    const finish = () => this.#finish(inode, mark, writeback) ? resolve() : reject(failure());
    this.begin({ finish, reject, owner });
  }

  /** Syncs synchronously; true if the disk has everything, as far as the open file reports. */
  now(inode: Inode, mark: ErrorMark): boolean {
    return this.#finish(inode, mark, inode.beginSync());
  }

  /** One of those in progress is done. */
  finishOne(): void {
    const index = this.disk.random.below(this.#pending.length);
    const [sync] = this.#pending.splice(index, 1);
    sync.finish();
  }

  /** Those of a dead process end in one way or the other, and are not reported. */
  abandon(owner: unknown, error: unknown): void {
    const theirs = this.#pending.filter((sync) => sync.owner === owner);
    this.#pending = this.#pending.filter((sync) => sync.owner !== owner);
    for (const { finish, reject } of theirs) {
      reject(error);
      if (this.disk.random.chance(0.5)) finish();
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
