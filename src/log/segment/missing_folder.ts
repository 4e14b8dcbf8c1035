import { dirname } from "node:path";
import { StorageError, TopicDeletedError } from "../../errors.ts";
import type { Storage } from "../../storage/port.ts";

/** Why a partition's folder is missing: a topic that is deleted is renamed first, as a whole. */
export function missingFolder(
  { storage, directory, topic, partition }: {
    storage: Storage;
    directory: string;
    topic: string;
    partition: number;
  },
): Error {
  if (storage.stat(`${dirname(dirname(directory))}/topic.json`) === undefined) {
    return new TopicDeletedError(topic);
  }
  return new StorageError(
    "ENOTDIR",
    `Cannot use partition ${partition} of topic "${topic}": its folder "${directory}" is missing; ` +
      `restore it from a backup`,
  );
}
