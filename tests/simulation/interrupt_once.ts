import type { SimulatedDisk } from "./disk/disk.ts";

/**
 * Lets others act in the middle of what a process does from now on, once: before its system call of that number, counted
 * from 0. Gives what ends that, and says then whether it happened: a process that made fewer calls has no such moment.
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
