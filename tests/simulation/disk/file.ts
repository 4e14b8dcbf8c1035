import type { OpenMode, StorageFile } from "../../../src/storage/port.ts";
import { simulatedError } from "./failure.ts";
import type { Inode } from "./inode.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Random } from "./random.ts";
import { type ErrorMark, Syncs } from "./syncs.ts";

/** An open file of a simulated process. */
export class SimulatedFile implements StorageFile {
  readonly #mark: ErrorMark;
  #isClosed = false;

  constructor(
    private readonly process: SimulatedProcess,
    readonly path: string,
    private readonly inode: Inode,
    private readonly mode: OpenMode,
  ) {
    this.#mark = Syncs.markOf(inode);
  }

  append(bytes: Uint8Array): number {
    if (this.mode !== "append") throw new Error("opened for something else");
    // Before the process can be interrupted: the bytes may be in memory that others use.
    const own = bytes.slice();
    const { disk } = this.process;
    disk.bytesMax = Math.max(disk.bytesMax, this.inode.size + own.byteLength);
    this.#call("append to", this.path, ["ENOSPC", "EDQUOT", "EIO"]);
    return this.#append(own);
  }

  readAt(into: Uint8Array, offset: number): number {
    this.#call("read", this.path, ["EIO"]);
    const { random, faults } = this.process.disk;
    const there = this.inode.view(offset, into.byteLength);
    const bytes = there.byteLength > 1 && random.chance(faults.shortRead)
      ? 1 + random.below(there.byteLength - 1)
      : there.byteLength;
    into.set(there.subarray(0, bytes));
    return bytes;
  }

  writeAt(bytes: Uint8Array, offset: number): number {
    if (this.mode !== "update") throw new Error("opened for something else");
    const own = bytes.slice();
    this.#call("write to", this.path, ["EIO"]);
    const { random, faults } = this.process.disk;
    const taken = random.chance(faults.shortUpdate) ? random.below(own.byteLength) : own.byteLength;
    this.inode.write(offset, own.subarray(0, taken));
    this.#changed();
    if (taken < own.byteLength && random.chance(faults.kill === undefined ? 0 : 0.3)) this.process.kill();
    return taken;
  }

  size(): number {
    this.#call("look at", this.path, []);
    return this.inode.links > 0 ? this.inode.size : -1;
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { process, inode } = this;
      this.#call("sync", this.path, []);
      const { random, faults, syncs } = process.disk;
      const failure = () => this.#syncError();
      if (random.chance(faults.slowSync)) {
        syncs.beginFile(inode, this.#mark, { resolve, reject, failure, owner: process });
      } else if (syncs.now(inode, this.#mark)) resolve();
      else reject(failure());
    });
  }

  syncNow(): void {
    this.#call("sync", this.path, []);
    if (!this.process.disk.syncs.now(this.inode, this.#mark)) throw this.#syncError();
  }

  close(): void {
    // A killed process closes nothing itself.
    this.#isClosed = true;
  }

  #call(...call: Parameters<SimulatedProcess["call"]>): void {
    // The system may have given its descriptor to another file.
    if (this.#isClosed) throw new Error(`"${this.path}" is used after it was closed`);
    this.process.call(...call);
  }

  /**
   * One `write`, with everything that can happen to it; returns the number of bytes that the call reports as
   * written.
   */
  #append(bytes: Uint8Array): number {
    const { inode, process } = this;
    const { random, faults, appending } = process.disk;
    // Appends are serialized: one that another process has begun is first.
    inode.finishAppend();
    this.#changed();
    if (random.chance(faults.kill)) {
      inode.beginAppend(bytes, random.chance(0.2) ? bytes.byteLength : cutPoint(random, bytes.byteLength));
      if (random.chance(0.5)) inode.finishAppend();
      else appending.add(inode);
      process.kill();
    }
    if (random.chance(faults.shortWrite)) return this.#appendPart(bytes);
    if (random.chance(faults.halfSeen)) {
      inode.beginAppend(bytes);
      appending.add(inode);
      inode.continueAppend(random);
      process.interrupt(1 + random.below(3));
      if (!process.alive) inode.cutAppend(random);
      process.checkAlive();
      inode.finishAppend();
      return bytes.byteLength;
    }
    inode.append(bytes);
    return bytes.byteLength;
  }

  /**
   * The system writes a part. Node and Deno continue with the rest, and others may have appended in between.
   */
  #appendPart(bytes: Uint8Array): number {
    const { inode, process } = this;
    const { random, faults } = process.disk;
    const taken = cutPoint(random, bytes.byteLength);
    inode.append(bytes.subarray(0, taken));
    if (!process.loopsOverShortWrites || !process.disk.loopsOverShortWrites) return taken;
    process.interrupt(1 + random.below(3));
    process.checkAlive();
    if (random.chance(faults.error === undefined ? 0 : 0.3)) {
      throw simulatedError("ENOSPC", "append to", this.path);
    }
    return taken + this.#append(bytes.subarray(taken));
  }

  #changed(): void {
    this.inode.modified = this.process.disk.clock.now;
  }

  #syncError(): Error {
    return simulatedError("EIO", "sync", this.path);
  }
}

/** Where a write is cut short: often within a few bytes of either end, where the records of a frame are. */
function cutPoint(random: Random, bytes: number): number {
  const near = Math.min(bytes, 80);
  if (random.chance(0.3)) return random.below(near);
  if (random.chance(0.4)) return bytes - 1 - random.below(random.chance(0.3) ? Math.min(near, 8) : near);
  return random.below(bytes);
}
