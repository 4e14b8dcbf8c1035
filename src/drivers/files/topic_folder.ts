/**
 * A topic's folder: its documents, and how they are written and read.
 *
 * @module
 */
import type { JsonObject } from "../../json.ts";
import { DiasporaError, InvalidOptionError, StorageError } from "../../errors.ts";
import { FileLock } from "../../storage/file_lock.ts";
import { bestEffort, isMissing, type Storage } from "../../storage/port.ts";
import type { ComponentDocument, TopicDefinition, TopicInfo } from "../../contract.ts";
import { CPP_GUARD_FOLDER, foreignContent } from "./foreign_content.ts";
import {
  badField,
  checkLayoutVersion,
  documentBytes,
  isPartitionName,
  LAYOUT_VERSION,
  partitionName,
  readDocument,
  SELECTOR_FILE,
  SERIALIZER_FILE,
  TOPIC_FILE,
  VALIDATOR_FILE,
} from "./layout.ts";
import { type CheckedTopicOptions, checkTopicOptions } from "./files_options.ts";
import { identityOf, makeIdentity } from "./identity.ts";

/** An edit takes a few milliseconds: a process that holds the lock for longer was killed or stopped. */
const EDIT_LEASE_MS = 1000;
/** The options are replaced, and put back if that cannot be synced. */
const EDIT_REPLACEMENTS = 2;

/** Creates a complete topic in a new folder and syncs it. */
export function makeTopicFolder(storage: Storage, path: string, definition: TopicDefinition): void {
  const { options, validator, partitionSelector, serializer } = definition;
  storage.makeDirectory(path);
  const write = (file: string, document: JsonObject) =>
    storage.publish(`${path}/${file}`, documentBytes(document));
  write(TOPIC_FILE, { format_version: LAYOUT_VERSION, ...options });
  write(VALIDATOR_FILE, validator);
  write(SELECTOR_FILE, partitionSelector);
  write(SERIALIZER_FILE, serializer);
  makeIdentity(storage, path);
  storage.makeDirectory(`${path}/consumers`);
  storage.makeDirectory(`${path}/partitions`);
  for (let partition = 0; partition < (options.num_partitions as number); partition++) {
    storage.makeDirectory(`${path}/partitions/${partitionName(partition)}`);
  }
  const first = `${path}/partitions/${partitionName(0)}`;
  storage.makeDirectory(`${first}/${CPP_GUARD_FOLDER}`);
  storage.syncDirectory(first);
  storage.syncDirectory(`${path}/partitions`);
  storage.syncDirectory(path);
}

/**
 * Reads the documents of a topic. `isWhole` says that all of them were written, and that a missing one is an error;
 * otherwise it stands for the default.
 */
export function readTopicFolder(storage: Storage, path: string, name: string, isWhole = false): TopicInfo {
  const read = (file: string) => {
    const document = readDocument(storage, `${path}/${file}`);
    if (document !== undefined || !isWhole) return document;
    throw new StorageError(
      "ENOENT",
      `Cannot read "${path}/${file}": it is missing; restore it from a backup`,
    );
  };
  const component = (file: string) => {
    const document = read(file) ?? { type: "default" };
    if (typeof document.type === "string") return document as ComponentDocument;
    throw badField(`${path}/${file}`, "type", document.type, "the name of a component");
  };
  const components = {
    validator: component(VALIDATOR_FILE),
    partitionSelector: component(SELECTOR_FILE),
    serializer: component(SERIALIZER_FILE),
  };
  const document = read(TOPIC_FILE);
  if (document === undefined) {
    const numPartitions = countOf(listPartitions(storage, path));
    const options = { num_partitions: numPartitions };
    return { name, path, numPartitions, options, layout: "cpp-files", ...components };
  }
  checkLayoutVersion(`${path}/${TOPIC_FILE}`, document);
  const { format_version: _, ...options } = document;
  checkHasPartitions(storage, path);
  const listed = listPartitions(storage, path);
  const numPartitions = checkNumPartitions(path, options.num_partitions, countOf(listed));
  const foreign = foreignContent(storage, path, listed);
  return { name, path, numPartitions, options, ...components, ...(foreign === undefined ? {} : { foreign }) };
}

function checkHasPartitions(storage: Storage, path: string): void {
  if (storage.stat(`${path}/partitions`)?.kind === "directory") return;
  throw new StorageError(
    "ENOTDIR",
    `Cannot use "${path}/partitions": it is missing or not a folder; restore it from a backup`,
  );
}

/** Throws unless a topic's document names at least one partition, and each one that there is a folder for. */
function checkNumPartitions(path: string, count: unknown, folders: number): number {
  const file = `${path}/${TOPIC_FILE}`;
  if (!Number.isSafeInteger(count) || (count as number) < 1) {
    throw badField(file, "num_partitions", count, "a whole number from 1");
  }
  if (folders <= (count as number)) return count as number;
  throw new StorageError(
    "EILSEQ",
    `Cannot read "${file}": its "num_partitions" is ${count}, although there is a folder ` +
      `"${path}/partitions/${
        partitionName(folders - 1)
      }"; restore the file from a backup, or move the folder away`,
  );
}

/** Why a topic cannot be opened, or takes no events, if that is because of its documents. */
export function faultOfDocuments(storage: Storage, path: string, name: string): DiasporaError | undefined {
  try {
    const isWhole = identityOf(storage, path) !== undefined;
    const { layout, options } = readTopicFolder(storage, path, name, isWhole);
    if (layout === undefined) checkStoredOptions(path, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof DiasporaError)) throw error;
    return error;
  }
}

/** The options of a topic as they are now, after other processes' changes; undefined if it no longer exists. */
export function readOptionsNow(storage: Storage, path: string): JsonObject | undefined {
  const file = `${path}/${TOPIC_FILE}`;
  const document = readDocument(storage, file);
  if (document === undefined) return undefined;
  checkLayoutVersion(file, document);
  const { format_version: _, ...options } = document;
  return options;
}

/** Validates the options that a topic's document has, and fills in the defaults. */
export function checkStoredOptions(path: string, options: JsonObject): CheckedTopicOptions {
  try {
    return checkTopicOptions(options);
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const { option, message } = error;
    const file = `${path}/${TOPIC_FILE}`;
    throw new InvalidOptionError(
      option,
      `${message}; "${file}" says so: change the option of the topic, or restore the file from a backup`,
      { cause: error },
    );
  }
}

/** A topic whose documents cannot be read, as shown in listings. */
export function unreadableTopic(storage: Storage, path: string, name: string, fault: string): TopicInfo {
  const component = { type: "default" };
  const numPartitions = partitionFoldersIfReadable(storage, path);
  return {
    name,
    path,
    numPartitions,
    options: { num_partitions: numPartitions },
    validator: component,
    partitionSelector: component,
    serializer: component,
    fault,
  };
}

function listPartitions(storage: Storage, path: string): string[] {
  return storage.list(`${path}/partitions`).filter(isPartitionName);
}

/** The number of partitions that these folders are for. */
function countOf(names: readonly string[]): number {
  return 1 + names.map(Number).reduce((highest, number) => Math.max(highest, number), -1);
}

/** The number of partitions that there are folders for; 0 if they cannot be listed. */
function partitionFoldersIfReadable(storage: Storage, path: string): number {
  try {
    return countOf(listPartitions(storage, path));
  } catch (error) {
    if (error instanceof StorageError) return 0;
    throw error;
  }
}

/**
 * Changes a topic's options (`null` resets one to its default), on top of other processes' changes since it was
 * opened; undefined if the topic no longer exists. Returns all options.
 */
export function editTopicFolder(storage: Storage, path: string, changes: JsonObject): JsonObject | undefined {
  const file = `${path}/${TOPIC_FILE}`;
  const lock = new FileLock(storage, `${file}.lock`, {
    leaseMs: EDIT_LEASE_MS,
    replacements: EDIT_REPLACEMENTS,
  });
  try {
    return lock.hold((replace) => {
      const options = readOptionsNow(storage, path);
      if (options === undefined) return undefined;
      const merged = Object.entries({ ...options, ...changes }).filter(([, value]) => value !== null);
      const complete = checkStoredOptions(path, Object.fromEntries(merged));
      const replaceBy = (by: JsonObject) =>
        replace(file, documentBytes({ format_version: LAYOUT_VERSION, ...by }));
      replaceBy(complete);
      try {
        storage.syncDirectory(path);
      } catch (error) {
        bestEffort(() => replaceBy(options));
        throw error;
      }
      return complete;
    });
  } catch (error) {
    if (isMissing(error) && storage.stat(path) === undefined) return undefined;
    throw error;
  }
}
