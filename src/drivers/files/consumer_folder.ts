import { ConsumerDeletedError, StorageError, TopicDeletedError } from "../../errors.ts";
import { CursorFile, type Position, type StoredPosition } from "../../log/mod.ts";
import { isMissing, isTaken, type Storage } from "../../storage/port.ts";
import { moveAside, pathForMaking, tryRemoveTree } from "./aside.ts";
import { foldersOf } from "./consumer_names.ts";
import { partitionName, readDocument } from "./layout.ts";

/** Holds the name, so that a folder can be distinguished from one of another consumer, and from the rest of one removed. */
const NAME_FILE = "name";
/** A name has fewer bytes; of a file that has more, the rest says nothing. */
export const NAME_BYTES_MAX = 4096;
/** Where a seek over several partitions stands until each of them has its position. */
const SEEK_FILE = "seek.json";
/** How often a folder is made again that another process removes at the same moment. */
const ATTEMPTS_MAX = 10;

/** Where a consumer's folder is, or would be made. */
export interface ConsumerPlace {
  storage: Storage;
  /** Folder of the topic. */
  topicPath: string;
  /** Folder of all consumers. */
  directory: string;
  topic: string;
}

/** A position that a seek stores. */
export interface SeekTarget extends Position {
  partition: number;
}

/** The folder of one consumer name, as one opened consumer or one call sees it. */
export class ConsumerFolder {
  readonly #path: string;
  /** Whether the folder was there, or was made here: when it is gone after that, the name was deleted. */
  #isKnown: boolean;

  constructor(private readonly place: ConsumerPlace, private readonly name: string) {
    const { found: [path], free } = findFolders(place, name);
    this.#path = path ?? free;
    this.#isKnown = path !== undefined;
    if (this.#isKnown) this.#isKnown = this.#finishSeek();
  }

  /** Whether the name has stored anything. */
  get isThere(): boolean {
    return this.#isKnown;
  }

  /** Where it is, or would be made. */
  get path(): string {
    return this.#path;
  }

  /** Makes it, unless it is there. */
  make(): void {
    this.#prepare();
  }

  /**
   * The stored position in a partition. A folder without a name is the rest of one that was removed. `beforeMaking` may
   * refuse to store the first one.
   */
  cursor(partition: number, beforeMaking = () => {}): CursorFile {
    return new CursorFile(this.place.storage, `${this.#path}/${partitionName(partition)}.pos`, {
      prepare: () => {
        this.#prepare();
        beforeMaking();
      },
      read: (read) => this.#isKnown ? read() : undefined,
      removed: () => this.removed(),
    });
  }

  /** The names of the files with positions, by partition: one look at the folder, however many there are. */
  listed(): ReadonlyMap<string, readonly string[]> {
    const files = new Map<string, string[]>();
    for (const name of this.#isKnown ? this.#names() : []) {
      const partition = name.slice(0, name.indexOf("."));
      const others = files.get(partition);
      if (others === undefined) files.set(partition, [name]);
      else others.push(name);
    }
    return files;
  }

  #names(): string[] {
    try {
      return this.place.storage.list(this.#path);
    } catch (error) {
      // Removed meanwhile.
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /**
   * Stores positions in several partitions, all of them or none: once the seek stands in the folder, a process that asks for
   * a position next stores what is missing.
   */
  seek(targets: readonly SeekTarget[]): void {
    const { storage } = this.place;
    const cursors = targets.map((target) => ({ target, cursor: this.cursor(target.partition) }));
    try {
      const [only] = cursors;
      if (only !== undefined && cursors.length === 1) return only.cursor.seek(only.target);
      // Every file is made first, at its full size: what follows needs no room on the disk.
      const planned = cursors.map(({ target, cursor }) => {
        return { cursor, seek: { ...target, generation: cursor.nextGeneration() } };
      });
      const seeks = planned.map(({ seek }) => seek);
      storage.replace(`${this.#path}/${SEEK_FILE}`, new TextEncoder().encode(JSON.stringify({ seeks })));
      for (const { cursor, seek } of planned) cursor.apply(seek);
      storage.remove(`${this.#path}/${SEEK_FILE}`);
    } catch (error) {
      throw isMissing(error) && storage.stat(this.#path) === undefined ? this.removed() : error;
    } finally {
      for (const { cursor } of cursors) cursor.close();
    }
  }

  /**
   * Ends a seek that another process was stopped in. What was stored since then stays. False when the name is deleted
   * meanwhile.
   */
  #finishSeek(): boolean {
    const { storage } = this.place;
    const path = `${this.#path}/${SEEK_FILE}`;
    const document = readDocument(storage, path);
    if (document === undefined) return true;
    const seeks = document.seeks as unknown as (StoredPosition & { partition: number })[];
    for (const seek of seeks) {
      const cursor = this.cursor(seek.partition);
      try {
        cursor.apply(seek);
      } catch (error) {
        if (error instanceof ConsumerDeletedError) return false;
        throw isMissing(error) ? this.removed() : error;
      } finally {
        cursor.close();
      }
    }
    storage.remove(path);
    return true;
  }

  /** Makes the folder with the name in it, at once. */
  #prepare(): void {
    const { storage, topicPath } = this.place;
    if (this.#isKnown) {
      if (storage.stat(`${this.#path}/${NAME_FILE}`) === undefined) throw this.removed();
      return;
    }
    for (let attempt = 1;; attempt++) {
      if (readName(storage, this.#path) === this.name) break;
      const draft = pathForMaking(storage, topicPath);
      try {
        storage.makeDirectory(draft);
        storage.publish(`${draft}/${NAME_FILE}`, new TextEncoder().encode(this.name));
        storage.syncDirectory(draft);
        storage.rename(draft, this.#path);
        break;
      } catch (error) {
        tryRemoveTree(storage, draft);
        this.#clear(error, attempt);
      }
    }
    this.#isKnown = true;
  }

  /** What stands in the way of a folder to be made goes, if it is the rest of one; else throws. */
  #clear(error: unknown, attempt: number): void {
    const { storage, topicPath, topic } = this.place;
    if (!(error instanceof StorageError) || attempt === ATTEMPTS_MAX) throw error;
    if (isMissing(error)) {
      if (storage.stat(topicPath) === undefined) throw new TopicDeletedError(topic);
      // A process whose clock is ahead took the draft for a leftover.
      return;
    }
    if (storage.stat(this.#path) === undefined) {
      // What stood there was removed meanwhile, as another process does that deletes the consumer.
      if (isTaken(error)) return;
      throw error;
    }
    const stored = readName(storage, this.#path);
    if (stored === this.name) return;
    if (stored !== undefined) throw error;
    const aside = moveAside(storage, topicPath, this.#path);
    if (aside !== undefined) tryRemoveTree(storage, aside);
  }

  /** The error for what cannot be stored any more, because the folder was removed. */
  removed(): Error {
    const { storage, topicPath, topic } = this.place;
    if (storage.stat(topicPath) === undefined) return new TopicDeletedError(topic);
    return new ConsumerDeletedError(this.name);
  }
}

/**
 * The folders that hold a name's positions, and one to make where there is none. Versions that name folders in two
 * ways may have made two: the first one counts. Throws for a link, which would lead out of the topic.
 */
export function findFolders(
  { storage, directory }: ConsumerPlace,
  name: string,
): { found: string[]; free: string } {
  checkIsFolder(storage, directory);
  const found: string[] = [];
  let free: string | undefined;
  for (const { folder, isSpelledOut, isFormer } of foldersOf(name)) {
    const path = `${directory}/${folder}`;
    checkIsFolder(storage, path);
    const stored = readName(storage, path);
    if (stored === name) {
      found.push(path);
    } else if (stored === undefined) {
      if (!isFormer) free ??= path;
    } else if (isSpelledOut && storage.list(directory).includes(folder)) {
      // Exactly this folder, which is no one else's, on whatever disk: its file is damaged, as `verify` says.
      found.push(path);
    }
  }
  // The last one is named by a hash, so that no one else can have taken it.
  return { found, free: free ?? "" };
}

/** The name that a folder holds; undefined without one. */
export function readName(storage: Storage, path: string): string | undefined {
  const bytes = storage.readWhole(`${path}/${NAME_FILE}`, NAME_BYTES_MAX);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** A link would lead out of the topic. */
export function checkIsFolder(storage: Storage, path: string): void {
  const stat = storage.stat(path);
  if (stat === undefined || stat.kind === "directory") return;
  throw new StorageError(
    "ENOTDIR",
    `Cannot use "${path}": expected a folder of its own, no link and no file`,
  );
}
