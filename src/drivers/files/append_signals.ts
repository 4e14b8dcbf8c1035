import { AppendSignal } from "../../log/mod.ts";
import type { Storage } from "../../storage/port.ts";

const signals = new Map<string, { signal: AppendSignal; holders: number }>();

/** The append signal of a partition's folder, shared by all of this process, so that they wake each other directly. */
export function holdAppendSignal(storage: Storage, directory: string): AppendSignal {
  let entry = signals.get(directory);
  if (entry === undefined) {
    signals.set(directory, entry = { signal: new AppendSignal(storage, directory), holders: 0 });
  }
  entry.holders++;
  return entry.signal;
}

/** Gives up what `holdAppendSignal` gave. */
export function releaseAppendSignal(directory: string): void {
  const entry = signals.get(directory);
  if (entry === undefined || --entry.holders > 0) return;
  entry.signal.close();
  signals.delete(directory);
}

/** Wakes those of this process who wait in a partition's folder. */
export function notifyAppended(directory: string): void {
  signals.get(directory)?.signal.notify();
}
