import { CorruptedLogError, TopicExistsError } from "../../errors.ts";
import { bestEffort, isTaken, randomHex, type Storage } from "../../storage/port.ts";
import type { DriverInterface, TopicDefinition, TopicDraftInterface, TopicInfo } from "../../contract.ts";
import { removeFolder, tryMoveBack, tryRemoveTree } from "./temporary_folders.ts";
import { documentBytes, isPartitionName } from "./layout.ts";
import { makeTree } from "./make_tree.ts";
import { type Partition, sealLast } from "../../log/mod.ts";
import { withLog } from "./end_topic.ts";
import { renewIdentity } from "./identity.ts";

/** Prefix of stores with a single unpublished topic; the name is hidden, so it cannot be a topic's name. */
const UNFINISHED = ".unfinished-";
/** A draft without writes for this long is a leftover. */
const LEFTOVER_AGE_MS = 24 * 3_600_000;

interface DraftSettings {
  storage: Storage;
  rootPath: string;
  /** Opens a driver whose root is the given folder, and whose flushes sync to disk. */
  open(rootPath: string): DriverInterface;
  /** Throws if the name is taken, or is too similar to another topic's for some file systems. */
  checkIsFree(): void;
  /** Throws if another process has created a topic with a too similar name in the meantime. */
  checkUnique(): void;
}

/**
 * Creates a topic in a hidden store next to the others, or resumes one left there. A rename publishes it once
 * everything is synced; what a killed process leaves is not taken for a topic.
 */
export async function draftTopic(
  settings: DraftSettings,
  name: string,
  definition: TopicDefinition,
  resume: boolean,
): Promise<TopicDraftInterface> {
  const { storage, rootPath, checkIsFree, checkUnique } = settings;
  checkIsFree();
  makeTree(storage, rootPath);
  removeOldDrafts(storage, rootPath);
  const suffix = resume ? "" : `.${randomHex(storage, 2)}`;
  const hidden = `${rootPath}/${UNFINISHED}${name}${suffix}`;
  // A file or symbolic link of that name, left by others, must not decide where the draft is written.
  const found = storage.stat(hidden)?.kind;
  if (found !== undefined && found !== "directory") storage.remove(hidden);
  const driver = settings.open(hidden);
  const known = (await driver.listTopics()).get(name);
  const canResume = known !== undefined && isSameTopic(known, definition) &&
    isTakenOver(storage, hidden, name);
  if (!canResume) {
    if (found === "directory") removeFolder(storage, rootPath, hidden);
    storage.makeDirectory(hidden);
    try {
      await driver.createTopic(name, definition);
    } catch (error) {
      removeFolder(storage, rootPath, hidden);
      throw error;
    }
  }
  const topic = await driver.openTopic(name);
  return {
    topic,
    publish: async () => {
      await topic.close();
      checkIsFree();
      try {
        storage.rename(`${hidden}/${name}`, `${rootPath}/${name}`);
      } catch (error) {
        throw isTaken(error) ? new TopicExistsError(name, rootPath) : error;
      }
      try {
        storage.syncDirectory(rootPath);
        checkUnique();
      } catch (error) {
        tryMoveBack(storage, `${rootPath}/${name}`, `${hidden}/${name}`);
        throw error;
      }
      tryRemoveTree(storage, hidden);
    },
    discard: async () => {
      await topic.close();
      removeFolder(storage, rootPath, hidden);
    },
  };
}

/** Takes an existing draft over from the process that was filling it; false if it is damaged. */
function isTakenOver(storage: Storage, hidden: string, name: string): boolean {
  try {
    takeOver(storage, `${hidden}/${name}`, name);
    return true;
  } catch (error) {
    if (error instanceof CorruptedLogError) return false;
    throw error;
  }
}

/** Whether an existing draft is for the same topic: created with the same documents and number of partitions. */
function isSameTopic(known: TopicInfo, definition: TopicDefinition): boolean {
  const text = ({ validator, partitionSelector, serializer }: Omit<TopicDefinition, "options">): string =>
    new TextDecoder().decode(documentBytes({ validator, partitionSelector, serializer }));
  return known.layout === undefined && known.numPartitions === (definition.options.num_partitions ?? 1) &&
    text(known) === text(definition);
}

function removeOldDrafts(storage: Storage, rootPath: string): void {
  for (const name of storage.list(rootPath)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const path = `${rootPath}/${name}`;
    // Another process may publish it meanwhile; and a failed cleanup must not fail the call.
    bestEffort(() => {
      if (storage.now() - lastChange(storage, path) > LEFTOVER_AGE_MS) removeFolder(storage, rootPath, path);
    });
  }
}

/** The latest modification in a folder tree; writing to a file does not change its folder's time. */
function lastChange(storage: Storage, path: string): number {
  const found = storage.stat(path);
  if (found?.kind !== "directory") return found?.modified ?? 0;
  return Math.max(
    found.modified,
    ...storage.list(path).map((name) => lastChange(storage, `${path}/${name}`)),
  );
}

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
  log.segments.release(lastId);
  log.storage.remove(log.pathOf(lastId));
}
