import { DiasporaError } from "../../errors.ts";
import { endForGood, Partition } from "../../log/mod.ts";
import type { Storage } from "../../storage/port.ts";
import { tryRemoveTree } from "./temporary_folders.ts";
import { ownPartitions, partitionName } from "./layout.ts";
import { notifyAppended } from "./append_signals.ts";

/** A topic whose folder was renamed for removal. */
interface MovedTopic {
  /** Where its folder is now. */
  path: string;
  /** Its original path, under which this process may have it open. */
  formerPath?: string;
  topic?: string;
  useLocking: boolean;
}

/**
 * Appends an end marker to every partition of a topic renamed for removal, then removes it. Open handles still
 * append to its files, which no one will read: the marker stops them at their next event. If the disk does not
 * accept the marker, the removal of the files does.
 */
export function endAndRemove(storage: Storage, moved: MovedTopic): void {
  const { path, topic, useLocking } = moved;
  for (const name of orIfUnreadable([], () => ownPartitions(storage, path))) {
    // A writer without a file will look for the folder under its original name.
    const end = (log: Partition) => log.segmentIds().length > 0 && endForGood(log);
    orIfUnreadable(undefined, () => withLog(storage, path, name, end, { topic, useLocking }));
    if (moved.formerPath !== undefined) notifyAppended(`${moved.formerPath}/partitions/${name}`);
  }
  tryRemoveTree(storage, path);
}

/** Whether the first partition of a topic has an end marker, which only deleted topics have. */
export function hasEnded(storage: Storage, path: string): boolean {
  return orIfUnreadable(false, () => withLog(storage, path, partitionName(0), (log) => log.hasEnded()));
}

/** Opens the log of one partition for some work. */
export function withLog<T>(
  storage: Storage,
  topicPath: string,
  name: string,
  work: (log: Partition) => T,
  { topic = "", useLocking = false }: { topic?: string | undefined; useLocking?: boolean } = {},
): T {
  const directory = `${topicPath}/partitions/${name}`;
  const log = new Partition({ storage, directory, topic, partition: Number(name), useLocking });
  try {
    return work(log);
  } finally {
    log.close();
  }
}

function orIfUnreadable<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DiasporaError) return fallback;
    throw error;
  }
}
