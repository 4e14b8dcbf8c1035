import type { Inode } from "./inode.ts";

export type Entry = Inode | Directory;

/** A directory: its entries as processes see them, and as the disk would have them after a power cut. */
export class Directory {
  readonly entries = new Map<string, Entry>();
  readonly durable = new Map<string, Entry>();
  /** When an entry was last created or removed, by the clock. */
  modified = 0;
  /** Syncs of it that failed. */
  failures = 0;
  /** Whether the directory was removed. */
  isRemoved = false;
}
