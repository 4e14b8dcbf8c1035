import { type Partition, sealLast, segmentName } from "../../log/mod.ts";
import type { Storage } from "../../storage/port.ts";
import { withLog } from "./end_topic.ts";
import { isPartitionName } from "./layout.ts";
import { renewIdentity } from "./topic_identity.ts";

/**
 * Takes a topic over from the process that was filling it, which may only be stopped: what that one appends from now on
 * is not counted, and its calls fail because the topic they know is deleted.
 */
export function takeOver(storage: Storage, path: string, topic: string): void {
  renewIdentity(storage, path);
  for (const name of storage.list(`${path}/partitions`).filter(isPartitionName)) {
    withLog(storage, path, name, closeLastSegment, { topic });
  }
}

/** Frames after a seal do not count, nor those in a file that was removed. */
function closeLastSegment(log: Partition): void {
  const ids = log.segmentIds();
  const lastId = ids.at(-1);
  if (lastId === undefined) return;
  if (log.end(ids)!.id > lastId) return sealLast(log);
  log.release(lastId);
  log.storage.remove(`${log.directory}/${segmentName(lastId)}`);
}
