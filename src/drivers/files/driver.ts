import { ForeignLayoutError, StorageError, TopicExistsError, TopicNotFoundError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { checkTopicName } from "../../names.ts";
import { nodeStorage } from "../../storage/node.ts";
import type { Storage } from "../../storage/port.ts";
import type {
  ComponentDocument,
  DriverInterface,
  TopicDefinition,
  TopicDraftInterface,
  TopicInfo,
  TopicInterface,
} from "../contract.ts";
import { draftTopic } from "./draft.ts";
import {
  checkLayoutVersion,
  documentBytes,
  LAYOUT_VERSION,
  partitionName,
  readDocument,
  SELECTOR_FILE,
  SERIALIZER_FILE,
  TOPIC_FILE,
  VALIDATOR_FILE,
} from "./layout.ts";
import { makeTree } from "./make_tree.ts";
import { checkTopicOptions, type FilesOptions, type LogSizes, readFilesOptions } from "./options.ts";
import { FilesTopic } from "./topic.ts";

const CREATING = ".creating-";
const DELETING = ".deleting-";
/** A topic half made or half removed is rubbish once it has not changed for this long. */
const RUBBISH_AFTER_MS = 3_600_000;

/** Keeps topics as folders of files, shared by any number of processes without a daemon. */
export class FilesDriver implements DriverInterface {
  readonly name = "files";
  readonly #options: FilesOptions;

  constructor(options: JsonObject, private readonly storage: Storage = nodeStorage, sizes?: LogSizes) {
    this.#options = { ...readFilesOptions(options), sizes };
  }

  createTopic(name: string, definition: TopicDefinition): Promise<void> {
    return attempt(() => this.#create(name, definition));
  }

  draftTopic(name: string, definition: TopicDefinition, resume: boolean): Promise<TopicDraftInterface> {
    const { rootPath, useFileLocking, flushBehavior, partitionsMax, sizes } = this.#options;
    const open = (root: string): DriverInterface =>
      new FilesDriver(
        {
          root_path: root,
          use_file_locking: useFileLocking,
          flush_behavior: flushBehavior === "immediate" ? "immediate" : "on_flush",
          max_partitions: partitionsMax,
        },
        this.storage,
        sizes,
      );
    return draftTopic({ storage: this.storage, rootPath, open }, name, definition, resume);
  }

  openTopic(name: string): Promise<TopicInterface> {
    return attempt(() => this.#open(name));
  }

  topicExists(name: string): Promise<boolean> {
    return attempt(() => {
      checkTopicName(name);
      return this.#isTopic(name);
    });
  }

  listTopics(): Promise<Map<string, TopicInfo>> {
    return attempt(() => {
      const topics = new Map<string, TopicInfo>();
      for (const name of this.#names().sort()) {
        if (!name.startsWith(".") && this.#isTopic(name)) topics.set(name, this.#info(name));
      }
      return topics;
    });
  }

  deleteTopic(name: string): Promise<void> {
    return attempt(() => this.#delete(name));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #create(name: string, definition: TopicDefinition): void {
    checkTopicName(name);
    const { storage } = this;
    const options = checkTopicOptions(definition.options, this.#options.partitionsMax);
    if (storage.stat(this.#path(name)) !== undefined) {
      throw new TopicExistsError(name, this.#options.rootPath);
    }
    makeTree(storage, this.#options.rootPath);
    this.#removeRubbish();
    const draft = `${this.#options.rootPath}/${CREATING}${randomName(storage)}`;
    try {
      storage.makeDirectory(draft);
      const write = (file: string, document: JsonObject) =>
        storage.publish(`${draft}/${file}`, documentBytes(document));
      write(TOPIC_FILE, { format_version: LAYOUT_VERSION, ...options });
      write(VALIDATOR_FILE, definition.validator);
      write(SELECTOR_FILE, definition.partitionSelector);
      write(SERIALIZER_FILE, definition.serializer);
      storage.makeDirectory(`${draft}/consumers`);
      storage.makeDirectory(`${draft}/partitions`);
      for (let partition = 0; partition < (options.num_partitions as number); partition++) {
        storage.makeDirectory(`${draft}/partitions/${partitionName(partition)}`);
      }
      storage.syncDirectory(`${draft}/partitions`);
      storage.syncDirectory(draft);
      storage.rename(draft, this.#path(name));
    } catch (error) {
      tryRemoveTree(storage, draft);
      const isTaken = error instanceof StorageError &&
        ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(error.errno);
      throw isTaken ? new TopicExistsError(name, this.#options.rootPath) : error;
    }
    storage.syncDirectory(this.#options.rootPath);
  }

  #open(name: string): TopicInterface {
    checkTopicName(name);
    if (!this.#isTopic(name)) throw new TopicNotFoundError(name, this.#options.rootPath);
    const info = this.#info(name);
    if (info.layout === "cpp-files") throw new ForeignLayoutError(name, this.#options.rootPath);
    return new FilesTopic(this.storage, this.#path(name), info, this.#options);
  }

  #delete(name: string): void {
    const { storage } = this;
    checkTopicName(name);
    if (!this.#isTopic(name)) throw new TopicNotFoundError(name, this.#options.rootPath, "delete");
    const info = this.#info(name);
    // First the end of every partition, so that those who have it open learn of it at their next event.
    if (info.layout === undefined) {
      new FilesTopic(storage, this.#path(name), info, this.#options).endForever();
    }
    const doomed = `${this.#options.rootPath}/${DELETING}${randomName(storage)}`;
    storage.rename(this.#path(name), doomed);
    storage.syncDirectory(this.#options.rootPath);
    storage.removeTree(doomed);
  }

  /** A folder of its own (no link) that holds a folder `partitions`. */
  #isTopic(name: string): boolean {
    const path = this.#path(name);
    return this.storage.stat(path)?.kind === "directory" &&
      this.storage.stat(`${path}/partitions`)?.kind === "directory";
  }

  #info(name: string): TopicInfo {
    const { storage } = this;
    const path = this.#path(name);
    const component = (file: string) =>
      (readDocument(storage, `${path}/${file}`) ?? { type: "default" }) as ComponentDocument;
    const components = {
      validator: component(VALIDATOR_FILE),
      partitionSelector: component(SELECTOR_FILE),
      serializer: component(SERIALIZER_FILE),
    };
    const document = readDocument(storage, `${path}/${TOPIC_FILE}`);
    if (document === undefined) {
      const numPartitions = 1 +
        Math.max(-1, ...storage.list(`${path}/partitions`).filter(isPartitionName).map(Number));
      return {
        name,
        path,
        numPartitions,
        options: { num_partitions: numPartitions },
        layout: "cpp-files",
        ...components,
      };
    }
    checkLayoutVersion(`${path}/${TOPIC_FILE}`, document);
    const { format_version: _, ...options } = document;
    return { name, path, numPartitions: options.num_partitions as number, options, ...components };
  }

  #names(): string[] {
    try {
      return this.storage.list(this.#options.rootPath);
    } catch (error) {
      if (error instanceof StorageError && error.errno === "ENOENT") return [];
      throw error;
    }
  }

  #path(name: string): string {
    return `${this.#options.rootPath}/${name}`;
  }

  #removeRubbish(): void {
    const { storage } = this;
    for (const name of this.#names()) {
      if (!name.startsWith(CREATING) && !name.startsWith(DELETING)) continue;
      const path = this.#path(name);
      const modified = storage.stat(path)?.modified ?? Infinity;
      if (storage.now() - modified > RUBBISH_AFTER_MS) tryRemoveTree(storage, path);
    }
  }
}

function isPartitionName(name: string): boolean {
  return /^\d{8}$/.test(name);
}

/** Runs synchronous work as a promise: what it throws is a rejection. */
function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

function randomName(storage: Storage): string {
  return storage.random32().toString(16).padStart(8, "0") + storage.random32().toString(16).padStart(8, "0");
}

function tryRemoveTree(storage: Storage, path: string): void {
  try {
    storage.removeTree(path);
  } catch {
    // What is left has a name nobody looks at, and goes later.
  }
}
