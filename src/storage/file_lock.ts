/**
 * The lock that `use_file_locking` takes around each append, for file systems on which appends of several
 * machines are not atomic (NFS). It is a file beside the partition's folder, published with its holder's token
 * inside, so that a process that finds it waits; it is not in the folder, where it would wake waiting consumers.
 *
 * A holder that was killed leaves the file. A process that has seen one token for a whole lease takes the file away,
 * by its own waiting time: the clocks of two machines may differ, and time in which the server does not answer
 * does not count. The right to take a token's file away is itself a file, which only one process can publish;
 * otherwise the second of two could remove a lock that another process took meanwhile. A process that is
 * suspended for more than a lease in the middle of an append is overtaken as if it were killed: what it writes
 * then is as safe as without a lock.
 *
 * A file that is read and replaced under the lock would not be safe then: the suspended process would undo what others
 * wrote meanwhile. So the drafts of such a file are made before the lock is taken, and removed before it is taken away
 * from its holder: a process whose draft is gone cannot give it the file's name any more, and begins again.
 *
 * What it costs: each frame is synced before the lock is released, since an NFS client keeps what it wrote to
 * itself until then, and the next holder would append at the wrong offset. Measured on ext4 in Deno, Node and
 * Bun: an append of 0.07 ms takes as long as a bare write and fdatasync (there 1.6 to 4 ms), and 0.1 to 0.3 ms more
 * for the four calls that make and remove the lock's file. So push in large batches where the lock is needed.
 *
 * @module
 */
import { StorageError } from "../errors.ts";
import { bestEffort, isLeftover, isMissing, randomHex, type Storage, writeAllAt } from "./port.ts";

/** How long to wait for a lock before its holder counts as killed. */
export const LEASE_MS = 5_000;

/** Many processes may be ahead of this one, and one of them killed. */
const TIMEOUT_MS = 30_000;

const PAUSE_MS_MIN = 0.2;
const PAUSE_MS_MAX = 8;

/** The content of a lock is shorter: who took it, and when. */
const LOCK_BYTES_MAX = 4096;

/** A token is part of a path: one that another program wrote could lead out of the store. */
const TOKEN = /^[0-9a-z]{1,64}-\d{1,16}$/;

/** How a lock is taken, and what is done under it. */
interface FileLockOptions {
  leaseMs?: number;
  timeoutMs?: number;
  /** How many files are replaced under the lock at most. */
  replacements?: number;
}

/** Replaces a file's content atomically, if the lock was not taken away; else the action is run again. */
type Replace = (path: string, content: Uint8Array) => void;

/** The lock was taken away from a process that held it for longer than its lease. */
class LockLostError extends StorageError {}

/** A lock between processes, held during one call. */
export class FileLock {
  readonly #leaseMs: number;
  readonly #timeoutMs: number;
  readonly #replacements: number;
  readonly #owner: string;
  #count = 0;

  constructor(
    private readonly storage: Storage,
    private readonly path: string,
    options: FileLockOptions = {},
  ) {
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#replacements = options.replacements ?? 0;
    this.#owner = randomHex(storage, 2);
  }

  /** Runs `action`, which must not wait for anything, while no other process is in an action of its own. */
  hold<T>(action: (replace: Replace) => T): T {
    for (;;) {
      try {
        return this.#holdOnce(action);
      } catch (error) {
        if (!(error instanceof LockLostError)) throw error;
      }
    }
  }

  #holdOnce<T>(action: (replace: Replace) => T): T {
    const token = `${this.#owner}-${++this.#count}`;
    const drafts = this.#draftsOf(token);
    try {
      for (const draft of drafts) this.storage.publish(draft, new Uint8Array(0), { durable: false });
      this.#take(token);
      const takenAt = this.storage.now();
      try {
        return action((path, content) => this.#replace(path, content, { token, draft: drafts.shift()! }));
      } finally {
        this.#release(token, takenAt);
      }
    } finally {
      for (const draft of drafts) bestEffort(() => this.storage.remove(draft));
      if (this.#replacements > 0) bestEffort(() => this.#removeLeftovers());
    }
  }

  #draftsOf(token: string): string[] {
    return Array.from({ length: this.#replacements }, (_, index) => `${this.path}.${token}.new${index}`);
  }

  #replace(path: string, content: Uint8Array, { token, draft }: { token: string; draft: string }): void {
    const { storage } = this;
    try {
      fill(storage, draft, content);
      if (this.#holder() !== token) throw this.#lost();
      storage.rename(draft, path);
    } catch (error) {
      // The draft was removed, usually together with the lock.
      throw isMissing(error) && storage.stat(draft) === undefined ? this.#lost() : error;
    } finally {
      bestEffort(() => storage.remove(draft));
    }
  }

  #take(token: string): void {
    let pauseMs = PAUSE_MS_MIN;
    let seen = { holder: undefined as string | undefined, forMs: 0, claims: 0 };
    for (let waitedMs = 0;; waitedMs += pauseMs) {
      const holder = this.#holder() ?? this.#publish(token);
      if (holder === token) return;
      if (holder !== seen.holder) seen = { holder, forMs: 0, claims: 0 };
      if (holder !== undefined && seen.forMs >= this.#leaseMs) {
        if (this.#remove(holder, seen.claims)) continue;
        // Another process is removing it, or was killed while doing so: that one has a lease, too.
        seen = { holder, forMs: 0, claims: seen.claims + 1 };
      }
      if (waitedMs >= this.#timeoutMs) throw this.#timedOut(waitedMs);
      // Random, so that waiting processes do not try at the same moments.
      pauseMs = Math.min(pauseMs * (1 + this.storage.random32() / 2 ** 32), PAUSE_MS_MAX);
      this.storage.pause(pauseMs);
      seen.forMs += pauseMs;
    }
  }

  /** The token of the holder after an attempt to get the lock. */
  #publish(token: string): string | undefined {
    const content = new TextEncoder().encode(`${token} since ${this.storage.now()}\n`);
    // The server may have done it although its answer was lost: then the name is taken, by this process.
    return this.storage.publish(this.path, content, { durable: false }) ? token : this.#holder();
  }

  #holder(): string | undefined {
    const bytes = this.storage.readWhole(this.path, LOCK_BYTES_MAX);
    if (bytes === undefined) return undefined;
    const [token] = new TextDecoder().decode(bytes).split(" ", 1);
    return TOKEN.test(token!) ? token : "unreadable-0";
  }

  #release(token: string, takenAt: number): void {
    const heldMs = Math.abs(this.storage.now() - takenAt);
    try {
      // After this long another process may be about to take it away, and a third one about to have it.
      if (heldMs > this.#leaseMs / 2) this.#remove(token, 0);
      else this.storage.remove(this.path);
    } catch {
      // What was appended is stored nevertheless; the lock ends with the lease.
    }
  }

  /** Takes a token's file away, if no one else is doing so. */
  #remove(token: string, claims: number): boolean {
    const claimed = (count: number): string => `${this.path}.${token}.${count}`;
    if (!this.storage.publish(claimed(claims), new Uint8Array(0), { durable: false })) return false;
    // Before the lock: its holder, which may only have been stopped, cannot replace a file after the next one read it.
    for (const draft of this.#draftsOf(token)) this.storage.remove(draft);
    if (this.#holder() === token) this.storage.remove(this.path);
    // After the lock: a late claim of the same token finds nothing to remove.
    for (let count = claims; count >= 0; count--) this.storage.remove(claimed(count));
    this.#removeLeftovers();
    return true;
  }

  #removeLeftovers(): void {
    const { storage, path } = this;
    const slash = path.lastIndexOf("/");
    const [folder, name] = [path.slice(0, slash), path.slice(slash + 1)];
    for (const other of storage.list(folder)) {
      const leftover = `${folder}/${other}`;
      if (other.startsWith(`${name}.`) && isLeftover(storage, leftover)) storage.remove(leftover);
    }
  }

  #lost(): LockLostError {
    return new LockLostError("EAGAIN", `Cannot keep the lock "${this.path}": another process took it away`);
  }

  #timedOut(waitedMs: number): StorageError {
    return new StorageError(
      "ETIMEDOUT",
      `Cannot get the lock "${this.path}": other processes held it for ${
        Math.round(waitedMs / 1000)
      } s; push again when they are done`,
      { canRetry: true },
    );
  }
}

/** Writes a file that exists, and syncs it. */
function fill(storage: Storage, path: string, content: Uint8Array): void {
  const file = storage.open(path, "update");
  try {
    writeAllAt(file, content, 0);
    file.syncNow();
  } finally {
    file.close();
  }
}
