import { AppendSignal } from "../../log/mod.ts";
import type { Storage } from "../../storage/port.ts";

const signals = new Map<string, { signal: AppendSignal; holders: number }>();

/** The append signal of a partition's folder, shared within this process so that its users wake each other directly. */
export function holdAppendSignal(storage: Storage, directory: string): AppendSignal {
  let entry = signals.get(directory);
  if (entry === undefined) {
    signals.set(directory, entry = { signal: new AppendSignal(storage, directory), holders: 0 });
  }
  entry.holders++;
  return entry.signal;
}

/** Releases a signal acquired by `holdAppendSignal`. */
export function releaseAppendSignal(directory: string): void {
  const entry = signals.get(directory);
  if (entry === undefined || --entry.holders > 0) return;
  entry.signal.close();
  signals.delete(directory);
}

/** Wakes waiters of this process in a partition's folder. */
export function notifyAppended(directory: string): void {
  signals.get(directory)?.signal.notify();
}
