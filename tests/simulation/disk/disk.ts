/**
 * A disk that fails on purpose, for tests. All randomness comes from one seed, so a run can be repeated.
 *
 * A {@linkcode SimulatedDisk} holds the files; each {@linkcode SimulatedProcess} is a storage port to it.
 * Before every system call of a process, the disk may let other processes take steps, kill the process, cut
 * the power, set the clock, or fail the call. An append may be cut short, be written in two pieces, or be
 * visible half-finished, even long after its process was killed. A failed sync drops what it covered. After a
 * power cut, any part of what was not synced may be left.
 *
 * @module
 */
import { Clock } from "./clock.ts";
import type { Inode } from "./inode.ts";
import { Namespace } from "./namespace.ts";
import type { SimulatedProcess } from "./process.ts";
import { Random } from "./random.ts";
import { Syncs } from "./syncs.ts";

/**
 * The probability of each fault at a call where it can happen, from 0 to 1; faults that are left out never
 * happen.
 */
export interface FaultRates {
  /** Other processes take a step before the call. */
  preempt?: number;
  /** The process is stopped before the call, and others take many steps. */
  stop?: number;
  /** The process is killed before the call, or in the middle of an append. */
  kill?: number;
  /**
   * An append writes only a part: the call says so, as with Bun, or writes the rest later, as with Node and
   * Deno.
   */
  shortWrite?: number;
  /** A write to a file writes only a part; also one whose process is killed in the middle of it. */
  shortUpdate?: number;
  /** A read returns only a part of what exists. */
  shortRead?: number;
  /** The call fails with ENOSPC, EDQUOT, EIO or EMFILE. */
  error?: number;
  /** A sync of a file fails, and drops what it covered. */
  failedSync?: number;
  /** A sync of a directory fails, and drops what it covered. */
  failedDirectorySync?: number;
  /** A sync takes a while: more is written before it is done. */
  slowSync?: number;
  /** Other processes see an append half-finished. */
  halfSeen?: number;
  /** The clock is set, backwards or forwards, by up to hours. */
  clockStep?: number;
  /** Minutes pass. */
  pause?: number;
  /** The system has no descriptor left for a process, which closes its idle files. */
  noDescriptor?: number;
}

/** Far more than any history needs. */
const CALLS_MAX = 2_000_000;

/** By how much the clock is set, in milliseconds. */
const CLOCK_STEPS_MS = [-3_600_000, -10_800_000, -2_000, 2_000, 3_600_000, 10_800_000];

/** The files, what of them survives a power cut, and the faults. */
export class SimulatedDisk {
  readonly names: Namespace = new Namespace();
  readonly random: Random;
  readonly clock: Clock = new Clock();
  readonly syncs: Syncs;
  faults: FaultRates = {};
  /** Whether runtimes complete a short write themselves, as Node and Deno do. */
  loopsOverShortWrites = true;
  /** Calls made by all processes. */
  calls = 0;
  /** No file is larger than this. */
  bytesMax = 4096;
  /** Files with an append in progress. */
  readonly appending: Set<Inode> = new Set();
  /** Called when other processes may take steps while a process is in the middle of a call. */
  others: (interrupted: SimulatedProcess, steps: number) => void = () => {};
  /** Called before every call: the power may be cut. */
  beforeCall: () => void = () => {};
  /** Called with every file that a process is about to unlink. */
  onUnlink: (process: SimulatedProcess, path: string) => void = () => {};
  /** Called with every file that a process has named. */
  onPublish: (process: SimulatedProcess, path: string) => void = () => {};

  constructor(seed: number) {
    this.random = new Random(seed);
    this.syncs = new Syncs(this);
    this.names.now = () => this.clock.now;
  }

  /** What happens between any two calls. */
  passTime(): void {
    if (++this.calls > CALLS_MAX) throw new Error(`Made ${CALLS_MAX} calls: something goes in circles`);
    const { random, faults, clock } = this;
    this.beforeCall();
    for (const inode of this.appending) {
      if (random.chance(0.25)) inode.continueAppend(random);
      if (!inode.isAppending) this.appending.delete(inode);
    }
    if (this.syncs.pending > 0 && random.chance(0.1)) this.syncs.finishOne();
    if (random.chance(faults.clockStep)) clock.step(random.pick(CLOCK_STEPS_MS));
    if (random.chance(faults.pause)) clock.pass(random.below(1_200_000));
  }

  /** Appends in progress are done. */
  finishAppends(): void {
    for (const inode of this.appending) inode.finishAppend();
    this.appending.clear();
  }

  /** Everything not synced is lost, torn, zeroed or kept, file by file and page by page. */
  powerCut(): void {
    this.appending.clear();
    this.names.powerCut(this.random);
    this.clock.pass(1000);
  }
}
