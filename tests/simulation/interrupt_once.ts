import type { SimulatedDisk } from "./disk/disk.ts";

/**
 * Lets other processes act once in the middle of what a process does from now on: before its system call with
 * that number, counted from 0. Returns a function that ends this, and returns whether it happened: a process
 * that made fewer calls has no such moment.
 */
export function interruptOnce(disk: SimulatedDisk, moment: number, act: () => void): () => boolean {
  let calls = 0;
  let happened = false;
  disk.faults = { preempt: 1 };
  disk.others = () => {
    if (calls++ !== moment) return;
    happened = true;
    disk.faults = {};
    act();
  };
  return () => {
    disk.faults = {};
    return happened;
  };
}
