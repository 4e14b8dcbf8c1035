import { ConsumerDeletedError, StorageError, TopicDeletedError } from "../../errors.ts";
import { CursorFile, type Position } from "../../log/mod.ts";
import {
  bestEffort,
  changeFolder,
  isMissing,
  isTaken,
  listIfThere,
  type Storage,
} from "../../storage/port.ts";
import { removeFolder, temporaryPath, tryRemoveTree } from "./temporary_folders.ts";
import { partitionName, PositionFiles } from "./layout.ts";
import { findFolders, NAME_FILE, readName } from "./name_file.ts";
import { type PlannedSeek, SeekFiles } from "./seek_files.ts";
import { sideBySide } from "./cursor_steps.ts";
import { identityIn, makeIdentity } from "./identity.ts";

/** How often to recreate a folder that another process removes at the same time. */
const ATTEMPTS_MAX = 10;

/** Where a consumer's folder is, or would be created. */
export interface ConsumerLocation {
  storage: Storage;
  /** Folder of the topic. */
  topicPath: string;
  /** Folder of all consumers. */
  directory: string;
  topic: string;
  numPartitions: number;
}

/** A position to be stored by a seek. */
export interface SeekTarget extends Position {
  partition: number;
}

/** The folder of one consumer name, for one open consumer or one call. */
export class ConsumerFolder {
  readonly #path: string;
  /** Whether the folder existed or was created here: if it is missing after that, the name was deleted. */
  #isKnown: boolean;
  /** Whether the name was deleted: a folder of the same name that was made since is another consumer's. */
  #isDeleted = false;
  /** The file that a folder of the same name that is made later does not have; none in those of earlier versions. */
  #identity: string | undefined;
  /** A cursor that made its file in the folder: if that is gone, so is the folder. */
  #maker: CursorFile | undefined;
  /** Whether a sync of the folder has begun and not succeeded, so that the system may have dropped names in it. */
  #isInDoubt = false;
  readonly #seekFiles: SeekFiles;

  /** `keepsFirst` says that the first position of a partition has to survive a power cut. */
  constructor(
    private readonly location: ConsumerLocation,
    private readonly name: string,
    private readonly keepsFirst: boolean,
  ) {
    const { found: [path], free } = findFolders(location, name);
    this.#path = path ?? free;
    this.#isKnown = path !== undefined;
    this.#seekFiles = new SeekFiles(location.storage, location.topicPath, this.#path, location.numPartitions);
    if (this.#isKnown) this.#isKnown = this.#finishSeeks();
  }

  /** Where it is, or would be created. */
  get path(): string {
    return this.#path;
  }

  /**
   * The stored position in a partition. A folder without a name file is an incomplete leftover. `beforeMaking` may
   * throw to prevent the first position from being stored. Who asks begins anew if the name was deleted, like a member
   * that has joined its group again.
   */
  cursor(partition: number, beforeMaking?: () => void): CursorFile {
    if (this.#isDeleted) this.#identity = undefined;
    this.#isDeleted = false;
    this.#maker = undefined;
    return this.#cursor(partition, beforeMaking);
  }

  #cursor(partition: number, beforeMaking = () => {}): CursorFile {
    const cursor = new CursorFile(this.location.storage, `${this.#path}/${partitionName(partition)}.pos`, {
      prepare: () => {
        this.make();
        beforeMaking();
        this.#maker = cursor;
      },
      confirm: () => this.#checkIsSame(),
      isThere: () => this.#isKnown,
      removed: () => this.removed(),
      keepsFirst: this.keepsFirst,
    });
    return cursor;
  }

  /** The names of position files: a single directory listing for all partitions. */
  listed(): PositionFiles {
    const names = this.#isKnown ? listIfThere(this.location.storage, this.#path, NAME_FILE) : [];
    this.#identity ??= identityIn(names);
    return new PositionFiles(names);
  }

  /**
   * Stores positions in several partitions atomically: once the seek's file is in the folder, the next process that
   * reads a position stores the missing ones.
   */
  seek(targets: readonly SeekTarget[], beforeMaking?: () => void): void {
    const { storage } = this.location;
    const open = (partition: number) => this.#cursor(partition, beforeMaking);
    const cursors = targets.map((target) => ({ target, cursor: open(target.partition) }));
    try {
      const [only] = cursors;
      if (only !== undefined && cursors.length === 1) {
        only.cursor.seek(only.target);
        return this.#syncNow(cursors);
      }
      for (let attempt = 1;; attempt++) {
        // Every file is created at its full size first, so that the following writes need no more disk space.
        this.make();
        const listed = this.listed();
        // One generation for all: of two seeks at once, one replaces the other in each of their common partitions.
        const generation = cursors.reduce(
          (highest, { target, cursor }) =>
            Math.max(highest, cursor.nextGeneration(listed.of(target.partition))),
          1,
        );
        const planned = cursors.map(({ target, cursor }) => ({ cursor, seek: { ...target, generation } }));
        const path = this.#seekFiles.publish(planned.map(({ seek }) => seek), this.#identity);
        if (path !== undefined) {
          this.#apply(planned);
          this.#syncNow(cursors);
          return storage.remove(path);
        }
        if (attempt === ATTEMPTS_MAX) throw this.#occupied();
        if (!this.#finishSeeks()) throw this.removed();
      }
    } catch (error) {
      const isGone = this.#isKnown && isMissing(error) && storage.stat(this.#path) === undefined;
      throw isGone ? this.removed() : error;
    } finally {
      for (const { cursor } of cursors) cursor.close();
    }
  }

  /** Completes seeks of other processes; keeps later positions. False if the name was deleted in the meantime. */
  #finishSeeks(): boolean {
    for (const { path, seeks } of this.#seekFiles.unfinished()) {
      const planned = seeks.map((seek) => ({ seek, cursor: this.#cursor(seek.partition) }));
      try {
        this.#apply(planned);
        this.#seekFiles.complete({ path, seeks }, this.listed());
      } catch (error) {
        const gone = isMissing(error) ? this.removed() : error;
        if (gone instanceof ConsumerDeletedError) return false;
        throw gone;
      } finally {
        for (const { cursor } of planned) cursor.close();
      }
    }
    return true;
  }

  /** Puts the names of position files on the disk. */
  async syncNames(): Promise<void> {
    const change = this.#change;
    this.#isInDoubt = true;
    try {
      await this.location.storage.syncDirectoryLater(this.#path, change);
    } catch (error) {
      throw isMissing(error) ? this.removed() : error;
    }
    this.#isInDoubt = false;
  }

  /** Puts what cursors have stored on the disk, and the names of their files. */
  #syncNow(cursors: readonly { cursor: CursorFile }[]): void {
    for (const { cursor } of cursors) cursor.own?.syncNow();
    const change = this.#change;
    this.#isInDoubt = true;
    this.location.storage.syncDirectory(this.#path, change);
    this.#isInDoubt = false;
  }

  /** A change makes the system write the folder again, since the sync of another process may have failed. */
  get #change(): () => void {
    const change = () => changeFolder(this.location.storage, `${this.#path}/${NAME_FILE}`);
    return this.#isInDoubt ? change : () => bestEffort(change);
  }

  #occupied(): StorageError {
    return new StorageError(
      "EAGAIN",
      `Cannot store positions in "${this.#path}": other processes seek all the time, or files of another program are ` +
        `in its folder "seek"; remove those, and try again`,
      { canRetry: true },
    );
  }

  #apply(planned: readonly { cursor: CursorFile; seek: PlannedSeek }[]): void {
    const all = planned.map(({ cursor, seek }) => ({ partition: seek.partition, steps: cursor.apply(seek) }));
    for (const result of sideBySide(all, () => this.listed())) {
      if (result.status === "rejected") throw result.reason;
    }
  }

  /** Creates the folder, with the name file in it, atomically, unless it exists. */
  make(): void {
    const { storage, topicPath } = this.location;
    if (this.#isKnown) return this.#keepName();
    for (let attempt = 1;; attempt++) {
      if (readName(storage, this.#path) === this.name) {
        this.#identity = identityIn(listIfThere(storage, this.#path, NAME_FILE));
        break;
      }
      const draft = temporaryPath(storage, topicPath);
      try {
        storage.makeDirectory(draft);
        this.#publishName(draft);
        const identity = makeIdentity(storage, draft);
        storage.syncDirectory(draft);
        storage.rename(draft, this.#path);
        this.#identity = identity;
        break;
      } catch (error) {
        tryRemoveTree(storage, draft);
        this.#clear(error, attempt);
      }
    }
    // After a power cut retention would not know of a name that is missing, and remove what it has not acknowledged.
    try {
      storage.syncDirectory(this.location.directory);
    } catch (error) {
      throw isMissing(error) ? this.removed() : error;
    }
    this.#isKnown = true;
    this.#isDeleted = false;
  }

  /** Writes the name again if its file was removed by hand; throws if the folder was. */
  #keepName(): void {
    const { storage } = this.location;
    if (this.#isDeleted || this.#maker?.own?.isLost === true) throw this.removed();
    this.#checkIsSame();
    if (storage.stat(`${this.#path}/${NAME_FILE}`) !== undefined) return;
    if (storage.stat(this.#path) === undefined) throw this.removed();
    try {
      this.#publishName(this.#path);
    } catch (error) {
      throw isMissing(error) ? this.removed() : error;
    }
  }

  /** Throws if the name was deleted and used again since its folder was found or made here. */
  #checkIsSame(): void {
    if (this.#identity === undefined) return;
    if (this.location.storage.stat(`${this.#path}/${this.#identity}`) === undefined) throw this.removed();
  }

  #publishName(folder: string): void {
    this.location.storage.publish(`${folder}/${NAME_FILE}`, new TextEncoder().encode(this.name));
  }

  /** Removes an incomplete folder that blocks the creation of a new one; throws for anything else. */
  #clear(error: unknown, attempt: number): void {
    const { storage, topicPath, topic } = this.location;
    if (!(error instanceof StorageError) || attempt === ATTEMPTS_MAX) throw error;
    if (isMissing(error)) {
      if (storage.stat(topicPath) === undefined) throw new TopicDeletedError(topic);
      // A process whose clock is ahead mistook the temporary folder for a leftover.
      return;
    }
    if (storage.stat(this.#path) === undefined) {
      // The blocking folder was removed in the meantime, e.g. by a process that deletes the consumer.
      if (isTaken(error)) return;
      throw error;
    }
    const stored = readName(storage, this.#path);
    if (stored === this.name) return;
    if (stored !== undefined) throw error;
    removeFolder(storage, topicPath, this.#path);
  }

  /** The error for a position that cannot be stored any more because the folder was removed. */
  removed(): Error {
    const { storage, topicPath, topic } = this.location;
    this.#isDeleted = this.#isKnown;
    if (storage.stat(topicPath) === undefined) return new TopicDeletedError(topic);
    return new ConsumerDeletedError(this.name);
  }
}
