import { DiasporaError } from "../../errors.ts";
import { endForGood, Partition } from "../../log/mod.ts";
import type { Storage } from "../../storage/port.ts";
import { tryRemoveTree } from "./aside.ts";
import { isPartitionName, partitionName } from "./layout.ts";
import { notifyAppended } from "./append_signals.ts";

/** A topic whose folder was moved aside. */
export interface MovedTopic {
  /** Where its folder is now. */
  path: string;
  /** Where it was, as this process may have it open. */
  formerPath?: string;
  topic?: string;
  useLocking: boolean;
}

/**
 * Ends every partition of a topic that was moved aside, and removes it. Those who have it open still append to its
 * files, which no one will read: the end tells them at their next event. Where the disk does not take it, the
 * removal of the files does.
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
    // A writer that has no file yet looks for the folder under its former name.
    if (log.segmentIds().length === 0) return;
    endForGood(log);
  } finally {
    log.close();
  }
}

/** Whether the first partition of a topic was ended for good, which is done to no topic that stays. */
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
