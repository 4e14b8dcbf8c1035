import { DiasporaError } from "../../errors.ts";
import { endForGood, Partition } from "../../log/mod.ts";
import type { Storage } from "../../storage/port.ts";
import { tryRemoveTree } from "./temporary_folders.ts";
import { isPartitionName, partitionName } from "./layout.ts";
import { notifyAppended } from "./append_signals.ts";

/** A topic whose folder was renamed for removal. */
export interface MovedTopic {
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
  for (const name of partitionNames(storage, moved.path)) {
    try {
      endPartition(storage, moved, name);
    } catch (error) {
      if (!(error instanceof DiasporaError)) throw error;
    }
    if (moved.formerPath !== undefined) notifyAppended(`${moved.formerPath}/partitions/${name}`);
  }
  tryRemoveTree(storage, moved.path);
}

function partitionNames(storage: Storage, path: string): string[] {
  try {
    return storage.list(`${path}/partitions`).filter(isPartitionName);
  } catch (error) {
    if (error instanceof DiasporaError) return [];
    throw error;
  }
}

function endPartition(storage: Storage, { path, topic = "", useLocking }: MovedTopic, name: string): void {
  const directory = `${path}/partitions/${name}`;
  const log = new Partition({ storage, directory, topic, partition: Number(name), useLocking });
  try {
    // A writer without a file will look for the folder under its original name.
    if (log.segmentIds().length === 0) return;
    endForGood(log);
  } finally {
    log.close();
  }
}

/** Whether the first partition of a topic has an end marker, which only deleted topics have. */
export function hasEnded(storage: Storage, path: string): boolean {
  const directory = `${path}/partitions/${partitionName(0)}`;
  const log = new Partition({ storage, directory, topic: "", partition: 0 });
  try {
    return log.hasEnded();
  } catch (error) {
    if (error instanceof DiasporaError) return false;
    throw error;
  } finally {
    log.close();
  }
}
