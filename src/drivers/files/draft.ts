import { TopicExistsError } from "../../errors.ts";
import { isTaken, type Storage } from "../../storage/port.ts";
import type { DriverInterface, TopicDefinition, TopicDraftInterface, TopicInfo } from "../../contract.ts";
import { moveAside, tryMoveBack, tryRemoveTree } from "./aside.ts";
import { documentBytes } from "./layout.ts";
import { makeTree } from "./make_tree.ts";

/** Stores of a single topic that no one sees yet; the name is hidden, so it is not a topic's. */
const UNFINISHED = ".unfinished-";
/** One that no one wrote to for this long is rubbish. */
const RUBBISH_AFTER_MS = 24 * 3_600_000;

/** Where a draft is made. */
export interface DraftPlace {
  storage: Storage;
  rootPath: string;
  /** Opens a driver whose root is the given folder, and whose flushes wait for the disk. */
  open(rootPath: string): DriverInterface;
  /** Throws when the name is taken, or not every system can tell it from another topic's. */
  checkIsFree(): void;
  /** Throws when another process made a topic meanwhile that not every system can tell from it. */
  checkIsApart(): void;
}

/**
 * Makes a topic in a hidden store beside the others, or goes on with one that was left there. One rename publishes
 * it, once everything is on the disk; a process that is killed leaves what no one takes for a topic.
 */
export async function draftTopic(
  place: DraftPlace,
  name: string,
  definition: TopicDefinition,
  resume: boolean,
): Promise<TopicDraftInterface> {
  const { storage, rootPath, checkIsFree, checkIsApart } = place;
  checkIsFree();
  makeTree(storage, rootPath);
  removeRubbish(storage, rootPath);
  const suffix = resume ? "" : `.${storage.random32().toString(16)}${storage.random32().toString(16)}`;
  const hidden = `${rootPath}/${UNFINISHED}${name}${suffix}`;
  // Another process, or the owner of a link of that name, decides nothing about where the draft is.
  const found = storage.stat(hidden)?.kind;
  if (found !== undefined && found !== "directory") storage.remove(hidden);
  const driver = place.open(hidden);
  const known = (await driver.listTopics()).get(name);
  if (known === undefined || !isAlike(known, definition)) {
    if (found === "directory") remove(storage, rootPath, hidden);
    storage.makeDirectory(hidden);
    try {
      await driver.createTopic(name, definition);
    } catch (error) {
      remove(storage, rootPath, hidden);
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
        checkIsApart();
      } catch (error) {
        tryMoveBack(storage, `${rootPath}/${name}`, `${hidden}/${name}`);
        throw error;
      }
      tryRemoveTree(storage, hidden);
    },
    discard: async () => {
      await topic.close();
      remove(storage, rootPath, hidden);
    },
  };
}

/** A draft that is half removed must not be taken for one to go on with. */
function remove(storage: Storage, rootPath: string, hidden: string): void {
  const aside = moveAside(storage, rootPath, hidden);
  if (aside !== undefined) tryRemoveTree(storage, aside);
}

/** Whether a draft that was left is of the same topic: made with the same documents and as many partitions. */
function isAlike(
  known: TopicInfo,
  { options, validator, partitionSelector, serializer }: TopicDefinition,
): boolean {
  const text = (value: TopicDefinition): string => new TextDecoder().decode(documentBytes({ ...value }));
  return known.layout === undefined && known.numPartitions === (options.num_partitions ?? 1) &&
    text({ options: {}, validator, partitionSelector, serializer }) === text({
        options: {},
        validator: known.validator,
        partitionSelector: known.partitionSelector,
        serializer: known.serializer,
      });
}

function removeRubbish(storage: Storage, rootPath: string): void {
  for (const name of storage.list(rootPath)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const path = `${rootPath}/${name}`;
    if (storage.now() - lastChange(storage, path) > RUBBISH_AFTER_MS) remove(storage, rootPath, path);
  }
}

/** When something in a folder was changed last; files are written to without a change of their folders. */
function lastChange(storage: Storage, path: string): number {
  const found = storage.stat(path);
  if (found?.kind !== "directory") return found?.modified ?? 0;
  return Math.max(
    found.modified,
    ...storage.list(path).map((name) => lastChange(storage, `${path}/${name}`)),
  );
}
