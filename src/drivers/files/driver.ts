import { attempt } from "../../attempt.ts";
import {
  ForeignFilesError,
  ForeignLayoutError,
  StorageError,
  TopicExistsError,
  TopicNotFoundError,
} from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { checkIsApart, checkNewTopicName, checkTopicName, isTopicName, otherSpellings } from "../../names.ts";
import type { GroupEnvironment } from "../../log/mod.ts";
import { nodeStorage } from "../../storage/node.ts";
import { isMissing, isTaken, type Storage } from "../../storage/port.ts";
import type {
  DeleteTopicOptions,
  DriverInterface,
  TopicDefinition,
  TopicDraftInterface,
  TopicInfo,
  TopicInterface,
} from "../../contract.ts";
import { moveAside, pathForMaking, removeLeftovers, tryRemoveTree } from "./aside.ts";
import { claimTopic } from "./claim.ts";
import { draftTopic } from "./draft.ts";
import { endAndRemove, hasEnded } from "./end_topic.ts";
import { foreignContent } from "./foreign_content.ts";
import { checkLayoutVersion, readDocument, TOPIC_FILE } from "./layout.ts";
import { makeTree } from "./make_tree.ts";
import { checkTopicOptions, type FilesOptions, type LogSizes, readFilesOptions } from "./options.ts";
import { FilesTopic } from "./topic.ts";
import { makeTopicFolder, readTopicFolder, unreadableTopic } from "./topic_folder.ts";

/** How often a topic is read again that was replaced by another one of its name meanwhile. */
const READINGS_MAX = 3;

/** How often a topic is made anew in another folder when the one it is made in is gone. */
const DRAFTS_MAX = 3;

/** Keeps topics as folders of files, shared by any number of processes without a daemon. */
export class FilesDriver implements DriverInterface {
  readonly name = "files";
  readonly #options: FilesOptions;

  constructor(
    options: JsonObject,
    private readonly storage: Storage = nodeStorage,
    sizes?: LogSizes,
    environment?: GroupEnvironment,
  ) {
    this.#options = { ...readFilesOptions(options), sizes, environment };
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
    const checkIsFree = () => {
      // Before anything is made.
      checkTopicOptions(definition.options, partitionsMax);
      this.#checkIsFree(name, this.#names());
    };
    const place = {
      storage: this.storage,
      rootPath,
      open,
      checkIsFree,
      checkIsApart: () => this.#checkIsApart(name),
    };
    return draftTopic(place, name, definition, resume);
  }

  claimTopic(name: string): Promise<AsyncDisposable> {
    checkTopicName(name);
    return claimTopic(this.storage, this.#options.rootPath, name);
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
        // A folder with a name that no topic can have is another program's.
        const info = isTopicName(name) ? this.#infoIfThere(name) : undefined;
        if (info !== undefined) topics.set(name, info);
      }
      return topics;
    });
  }

  deleteTopic(name: string, options: DeleteTopicOptions = {}): Promise<void> {
    return attempt(() => this.#delete(name, options));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #create(name: string, definition: TopicDefinition): void {
    const { storage } = this;
    const { rootPath, partitionsMax } = this.#options;
    checkNewTopicName(name);
    const options = checkTopicOptions(definition.options, partitionsMax);
    makeTree(storage, rootPath);
    const names = this.#names();
    this.#removeLeftovers(names);
    this.#checkIsFree(name, names);
    for (let attempts = 1;; attempts++) {
      const draft = pathForMaking(storage, rootPath);
      try {
        makeTopicFolder(storage, draft, { ...definition, options });
        storage.rename(draft, this.#path(name));
        break;
      } catch (error) {
        tryRemoveTree(storage, draft);
        // A process whose clock is ahead took the draft for one that was left behind.
        if (isMissing(error) && attempts < DRAFTS_MAX && storage.stat(rootPath) !== undefined) continue;
        throw isTaken(error) ? new TopicExistsError(name, rootPath) : error;
      }
    }
    try {
      storage.syncDirectory(rootPath);
      this.#checkIsApart(name);
    } catch (error) {
      this.#tryRemove(name);
      throw error;
    }
  }

  /** Of two processes that make two such names at once, one sees the other's here, or both do. */
  #checkIsApart(name: string): void {
    const names = this.#names();
    if (names.includes(name)) checkIsApart(name, names.filter((other) => !other.startsWith(".")));
  }

  #open(name: string): TopicInterface {
    checkTopicName(name);
    const { rootPath } = this.#options;
    for (let reading = 1;; reading++) {
      if (!this.#isTopic(name)) throw new TopicNotFoundError(name, rootPath);
      const before = this.#modified(name);
      // Another process may delete the topic, and make one of its name, between two looks.
      const isSame = () => reading === READINGS_MAX || this.#modified(name) === before;
      try {
        const info = readTopicFolder(this.storage, this.#path(name), name);
        if (info.layout !== undefined) throw new ForeignLayoutError(name, rootPath);
        if (info.foreign !== undefined) throw new ForeignFilesError(name, "open", rootPath, info.foreign);
        const topic = new FilesTopic(this.storage, this.#path(name), info, this.#options);
        if (isSame()) return topic;
        void topic.close();
      } catch (error) {
        if (this.#isTopic(name) && isSame()) throw error;
      }
    }
  }

  #delete(name: string, { force = false }: DeleteTopicOptions): void {
    checkTopicName(name);
    const { storage } = this;
    const { rootPath } = this.#options;
    this.#removeLeftovers(this.#names());
    if (!this.#isTopic(name)) throw new TopicNotFoundError(name, rootPath, "delete");
    const document = this.#documentIfSound(name);
    if (document !== undefined) {
      checkLayoutVersion(`${this.#path(name)}/${TOPIC_FILE}`, document);
      const foreign = force ? undefined : foreignContent(storage, this.#path(name));
      if (foreign !== undefined) throw new ForeignFilesError(name, "delete", rootPath, foreign);
    }
    if (!this.#remove(name)) throw new TopicNotFoundError(name, rootPath, "delete");
  }

  /**
   * Moves a topic aside, which is its end, then tells those who have it open, and takes the folder away; false
   * when it is not there any more. What fails after the move is left to the next call that makes or deletes a topic.
   */
  #remove(name: string): boolean {
    const { storage } = this;
    const { rootPath, useFileLocking } = this.#options;
    const formerPath = this.#path(name);
    const path = moveAside(storage, rootPath, formerPath);
    if (path === undefined) return false;
    endAndRemove(storage, { path, formerPath, topic: name, useLocking: useFileLocking });
    return true;
  }

  /** The topic must not stay; what failed before is what the caller gets. */
  #tryRemove(name: string): void {
    try {
      this.#remove(name);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }

  #removeLeftovers(names: readonly string[]): void {
    const { storage } = this;
    const { rootPath, useFileLocking } = this.#options;
    removeLeftovers(
      storage,
      rootPath,
      names,
      (path) => endAndRemove(storage, { path, useLocking: useFileLocking }),
    );
  }

  /** Throws when there is something of this name, or of one that some disk takes for the same. */
  #checkIsFree(name: string, names: readonly string[]): void {
    const { storage } = this;
    checkNewTopicName(name);
    checkIsApart(name, names.filter((other) => !other.startsWith(".")));
    if (storage.stat(this.#path(name)) === undefined) return;
    // Earlier versions ended a topic first: one whose deletion was cut short there is deleted now.
    if (this.#isTopic(name) && hasEnded(storage, this.#path(name)) && this.#remove(name)) return;
    throw new TopicExistsError(name, this.#options.rootPath);
  }

  /** A folder of its own (no link) of exactly this name, that holds a folder `partitions`. */
  #isTopic(name: string): boolean {
    const { storage } = this;
    const path = this.#path(name);
    if (!this.#isTopicFolder(path)) return false;
    // Many disks do not tell upper and lower case apart: they find "a" as "A", too.
    const isAmbiguous = otherSpellings(name).some((other) => storage.stat(this.#path(other)) !== undefined);
    return !isAmbiguous || this.#names().includes(name);
  }

  #isTopicFolder(path: string): boolean {
    return this.storage.stat(path)?.kind === "directory" &&
      this.storage.stat(`${path}/partitions`)?.kind === "directory";
  }

  #infoIfThere(name: string): TopicInfo | undefined {
    const path = this.#path(name);
    if (!this.#isTopicFolder(path)) return undefined;
    try {
      const info = readTopicFolder(this.storage, path, name);
      return info.layout === undefined || this.#isTopicFolder(path) ? info : undefined;
    } catch (error) {
      if (!this.#isTopicFolder(path)) return undefined;
      // One document that cannot be read must not hide the other topics.
      return unreadableTopic(
        this.storage,
        path,
        name,
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  /** The topic's document; undefined where there is none, or what is there is damaged. */
  #documentIfSound(name: string): JsonObject | undefined {
    try {
      return readDocument(this.storage, `${this.#path(name)}/${TOPIC_FILE}`);
    } catch (error) {
      if (error instanceof StorageError && ["EILSEQ", "EFBIG"].includes(error.errno)) return undefined;
      throw error;
    }
  }

  #modified(name: string): number | undefined {
    return this.storage.stat(`${this.#path(name)}/${TOPIC_FILE}`)?.modified;
  }

  #names(): string[] {
    try {
      return this.storage.list(this.#options.rootPath);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #path(name: string): string {
    return `${this.#options.rootPath}/${name}`;
  }
}
