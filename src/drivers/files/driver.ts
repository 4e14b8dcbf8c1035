import { attempt } from "../../async.ts";
import { ForeignFilesError, ForeignLayoutError, TopicExistsError, TopicNotFoundError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { checkNewTopicName, checkTopicName, checkUnique, isTopicName, otherSpellings } from "../../names.ts";
import type { GroupEnvironment } from "../../groups/mod.ts";
import { nodeStorage } from "../../storage/node.ts";
import { bestEffort, isMissing, isTaken, listIfThere, type Storage } from "../../storage/port.ts";
import type {
  DeleteTopicOptions,
  DriverInterface,
  TopicDefinition,
  TopicDraftInterface,
  TopicInfo,
  TopicInterface,
} from "../../contract.ts";
import { moveAside, removeLeftovers, temporaryPath, tryRemoveTree } from "./temporary_folders.ts";
import { claimTopic } from "./claim.ts";
import { draftTopic } from "./draft.ts";
import { endAndRemove, hasEnded } from "./end_topic.ts";
import { foreignContent } from "./foreign_content.ts";
import { checkIsNotNewer, isDamagedDocument, readDocument, TOPIC_FILE } from "./layout.ts";
import { makeTree } from "./make_tree.ts";
import { checkTopicOptions, type FilesOptions, type LogSizes, readFilesOptions } from "./files_options.ts";
import { FilesTopic } from "./topic.ts";
import { identityOf } from "./identity.ts";
import { makeTopicFolder, readTopicFolder, unreadableTopic } from "./topic_folder.ts";
import { messageOf } from "../../text/message.ts";

/** How often to read a topic again in which something is missing: a deletion that fails moves it away and back. */
const READINGS_MAX = 10;

/** How often to restart the creation of a topic whose temporary folder has disappeared. */
const CREATES_MAX = 3;

/** Stores topics as folders of files, shared by any number of processes without a daemon. */
export class FilesDriver implements DriverInterface {
  readonly name = "files";
  #options: FilesOptions;

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
    const { rootPath, flushBehavior, partitionsMax } = this.#options;
    const open = (root: string): DriverInterface => {
      const driver = new FilesDriver({ root_path: root }, this.storage);
      const syncing = flushBehavior === "immediate" ? flushBehavior : "on_flush";
      driver.#options = { ...this.#options, rootPath: root, flushBehavior: syncing };
      return driver;
    };
    const checkIsFree = () => {
      // Before anything is created.
      checkTopicOptions(definition.options, partitionsMax);
      this.#checkIsFree(name, this.#names());
    };
    const settings = {
      storage: this.storage,
      rootPath,
      open,
      checkIsFree,
      checkUnique: () => this.#checkUnique(name),
    };
    return draftTopic(settings, name, definition, resume);
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
        // A folder whose name is not a valid topic name belongs to another program.
        const info = isTopicName(name) ? this.#infoIfExists(name) : undefined;
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
      const draft = temporaryPath(storage, rootPath);
      try {
        makeTopicFolder(storage, draft, { ...definition, options });
        storage.rename(draft, this.#path(name));
        break;
      } catch (error) {
        tryRemoveTree(storage, draft);
        // A process whose clock is ahead mistook the temporary folder for a leftover.
        if (isMissing(error) && attempts < CREATES_MAX && storage.stat(rootPath) !== undefined) continue;
        throw isTaken(error) ? new TopicExistsError(name, rootPath) : error;
      }
    }
    try {
      storage.syncDirectory(rootPath);
      this.#checkUnique(name);
    } catch (error) {
      bestEffort(() => this.#remove(name));
      throw error;
    }
  }

  /** If two processes create similar names concurrently, at least one of them sees the other's topic here. */
  #checkUnique(name: string): void {
    const names = this.#names();
    if (names.includes(name)) checkUnique(name, names.filter((other) => !other.startsWith(".")));
  }

  #open(name: string): TopicInterface {
    checkTopicName(name);
    const { rootPath } = this.#options;
    for (let reading = 1;; reading++) {
      if (!this.#isTopic(name)) throw new TopicNotFoundError(name, rootPath);
      const before = this.#identity(name);
      const identity = typeof before === "string" ? before : undefined;
      // Another process may delete and recreate the topic between two reads.
      const isSame = () =>
        identity === undefined
          ? before !== undefined && this.#identity(name) === before
          : this.storage.stat(identity) !== undefined;
      try {
        const isWhole = identity !== undefined && reading < READINGS_MAX;
        const info = readTopicFolder(this.storage, this.#path(name), name, isWhole);
        if (info.layout !== undefined) throw new ForeignLayoutError(name, rootPath);
        if (info.foreign !== undefined) throw new ForeignFilesError(name, "open", rootPath, info.foreign);
        const topic = new FilesTopic(this.storage, this.#path(name), info, this.#options, identity);
        if (isSame()) return topic;
        void topic.close();
      } catch (error) {
        if (reading >= READINGS_MAX && this.#isTopic(name) && isSame()) throw error;
      }
    }
  }

  #delete(name: string, { force = false }: DeleteTopicOptions): void {
    checkTopicName(name);
    const { storage } = this;
    const { rootPath } = this.#options;
    this.#removeLeftovers(this.#names());
    if (!this.#isTopic(name)) throw new TopicNotFoundError(name, rootPath, "delete");
    const document = this.#documentIfValid(name);
    if (document !== undefined) {
      // One whose version is damaged can be deleted, like one whose document is.
      checkIsNotNewer(`${this.#path(name)}/${TOPIC_FILE}`, document);
      const foreign = force ? undefined : foreignContent(storage, this.#path(name));
      if (foreign !== undefined) throw new ForeignFilesError(name, "delete", rootPath, foreign);
    }
    if (!this.#remove(name)) throw new TopicNotFoundError(name, rootPath, "delete");
  }

  /**
   * Renames a topic to a temporary name, which deletes it, then marks its logs as ended for its open handles and
   * removes the folder; false if it no longer exists. What fails after the rename is left to the next call that
   * creates or deletes a topic.
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

  /** Throws if there is an entry of this name, or of one that some file system considers the same. */
  #checkIsFree(name: string, names: readonly string[]): void {
    const { storage } = this;
    checkNewTopicName(name);
    checkUnique(name, names.filter((other) => !other.startsWith(".")));
    const path = this.#path(name);
    if (storage.stat(path) === undefined) return;
    const isTopic = this.#isTopic(name);
    // Earlier versions ended a topic first: complete an interrupted deletion.
    if (isTopic && hasEnded(storage, path) && this.#remove(name)) return;
    throw new TopicExistsError(name, this.#options.rootPath, isTopic ? undefined : path);
  }

  /** Whether there is a folder (not a symbolic link) of exactly this name with a topic in it. */
  #isTopic(name: string): boolean {
    const { storage } = this;
    const path = this.#path(name);
    if (!this.#isTopicFolder(path)) return false;
    // Case-insensitive file systems find "a" as "A", too.
    const isAmbiguous = otherSpellings(name).some((other) => storage.stat(this.#path(other)) !== undefined);
    return !isAmbiguous || this.#names().includes(name);
  }

  /** Whether there is a topic, even one that cannot be opened, because its folder `partitions` is missing. */
  #isTopicFolder(path: string): boolean {
    return this.storage.stat(path)?.kind === "directory" &&
      (this.storage.stat(`${path}/partitions`)?.kind === "directory" ||
        this.storage.stat(`${path}/${TOPIC_FILE}`) !== undefined);
  }

  #infoIfExists(name: string): TopicInfo | undefined {
    const path = this.#path(name);
    try {
      if (!this.#isTopicFolder(path)) return undefined;
      const info = readTopicFolder(this.storage, path, name);
      return info.layout === undefined || this.#isTopicFolder(path) ? info : undefined;
    } catch (error) {
      // One unreadable document or folder must not hide the other topics, or its own. (fsck has a folder in a disk's root.)
      if (this.storage.stat(path) === undefined || name === "lost+found") return undefined;
      return unreadableTopic(
        this.storage,
        path,
        name,
        messageOf(error),
      );
    }
  }

  /** The topic's document; undefined if it is missing or damaged. */
  #documentIfValid(name: string): JsonObject | undefined {
    try {
      return readDocument(this.storage, `${this.#path(name)}/${TOPIC_FILE}`);
    } catch (error) {
      if (isDamagedDocument(error)) return undefined;
      throw error;
    }
  }

  /** What tells a topic from one that is created under its name later; undefined if it is not there. */
  #identity(name: string): string | number | undefined {
    const path = this.#path(name);
    try {
      // Topics of earlier versions have none, and those of another layout have no document either.
      return identityOf(this.storage, path) ?? this.storage.stat(`${path}/${TOPIC_FILE}`)?.modified ?? 0;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #names(): string[] {
    return listIfThere(this.storage, this.#options.rootPath);
  }

  #path(name: string): string {
    return `${this.#options.rootPath}/${name}`;
  }
}
