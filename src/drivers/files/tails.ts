import { Tail } from "../../log/write/tail.ts";
import type { Storage } from "../../storage/port.ts";

const tails = new Map<string, { tail: Tail; holders: number }>();

/** The tail of a partition's folder, shared by all of this process, so that they wake each other directly. */
export function holdTail(storage: Storage, directory: string): Tail {
  let entry = tails.get(directory);
  if (entry === undefined) tails.set(directory, entry = { tail: new Tail(storage, directory), holders: 0 });
  entry.holders++;
  return entry.tail;
}

/** Gives up what `holdTail` gave. */
export function releaseTail(directory: string): void {
  const entry = tails.get(directory);
  if (entry === undefined || --entry.holders > 0) return;
  entry.tail.close();
  tails.delete(directory);
}

/** Wakes those of this process who wait in a partition's folder. */
export function notifyTail(directory: string): void {
  tails.get(directory)?.tail.notify();
}
