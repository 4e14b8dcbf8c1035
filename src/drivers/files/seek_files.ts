/**
 * Seeks over several partitions. What such a seek stores is in a file until it is stored in all of them, so that the
 * next process that reads a position stores what is missing.
 *
 * The file has a random name and appears together with its folder, by a rename that fails while another file is there.
 * So one seek at a time is unfinished, and a process that was stopped before it removed the file of its seek does not
 * remove that of a later one.
 *
 * @module
 */
import { StorageError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import type { StoredPosition } from "../../log/mod.ts";
import {
  bestEffort,
  DRAFT_SUFFIX,
  isMissing,
  isTaken,
  listIfThere,
  openIfThere,
  randomHex,
  type Storage,
} from "../../storage/port.ts";
import { checkIsFolder, type PositionFiles, readDocument } from "./layout.ts";
import { temporaryPath, tryRemoveTree } from "./temporary_folders.ts";
import { identityIn } from "./identity.ts";

const FOLDER = "seek";
const NAME = /^[0-9a-f]{16}\.json$/;
/** Earlier versions wrote this file instead, in the consumer's folder. */
const FORMER_FILE = "seek.json";

/** A position that a seek is to store. */
export interface PlannedSeek extends StoredPosition {
  partition: number;
}

/** What the file of a seek says. */
interface UnfinishedSeek {
  path: string;
  seeks: readonly PlannedSeek[];
}

/** The files of unfinished seeks in the folder of one consumer name. */
export class SeekFiles {
  constructor(
    private readonly storage: Storage,
    private readonly topicPath: string,
    private readonly consumerPath: string,
    private readonly numPartitions: number,
  ) {}

  /**
   * Makes the file of a seek by the consumer whose folder has an identity; returns its path, or undefined if another seek is
   * unfinished.
   */
  publish(seeks: readonly PlannedSeek[], identity: string | undefined): string | undefined {
    const { storage } = this;
    const draft = temporaryPath(storage, this.topicPath);
    const name = `${randomHex(storage, 2)}.json`;
    try {
      storage.makeDirectory(draft);
      storage.publish(`${draft}/${name}`, new TextEncoder().encode(JSON.stringify({ seeks, identity })));
      storage.syncDirectory(draft);
      storage.rename(draft, this.#folder);
    } catch (error) {
      tryRemoveTree(storage, draft);
      // A process whose clock is ahead may have taken the folder for a leftover.
      const isDraftGone = isMissing(error) && storage.stat(this.consumerPath) !== undefined;
      if (!isTaken(error) && !isDraftGone) throw error;
      return undefined;
    }
    const path = `${this.#folder}/${name}`;
    try {
      // On the disk before any position is stored: after a power cut all are, or none.
      storage.syncDirectory(this.consumerPath);
    } catch (error) {
      bestEffort(() => storage.remove(path));
      throw error;
    }
    return path;
  }

  /** The unfinished seeks: at most one, unless an earlier version left another. */
  unfinished(): UnfinishedSeek[] {
    const paths = [`${this.consumerPath}/${FORMER_FILE}`];
    const names = checkIsFolder(this.storage, this.#folder) ? listIfThere(this.storage, this.#folder) : [];
    for (const name of names) {
      const path = `${this.#folder}/${name}`;
      if (NAME.test(name)) paths.push(path);
      // Left when the file was made: the folder of the next seek replaces an empty one only.
      else if (name.endsWith(DRAFT_SUFFIX)) bestEffort(() => this.storage.remove(path));
    }
    return paths.flatMap((path) => {
      const document = readDocument(this.storage, path);
      if (document === undefined || this.#isOfDeleted(document, path)) return [];
      return [{ path, seeks: this.#plannedIn(document, path) }];
    });
  }

  /** Whether a consumer that was deleted made the file, just after its name was used again; then it is removed. */
  #isOfDeleted({ identity }: JsonObject, path: string): boolean {
    if (typeof identity !== "string" || identityIn([identity]) === undefined) return false;
    if (this.storage.stat(`${this.consumerPath}/${identity}`) !== undefined) return false;
    this.storage.remove(path);
    return true;
  }

  /**
   * Removes the file of a seek that is stored in all partitions, whose position files are `listed`. They are put on the
   * disk first, also what others stored in them before they were stopped: a power cut must not leave partitions apart.
   */
  complete({ path, seeks }: UnfinishedSeek, listed: PositionFiles): void {
    for (const name of seeks.flatMap(({ partition }) => listed.of(partition))) {
      const file = openIfThere(this.storage, `${this.consumerPath}/${name}`);
      try {
        file?.syncNow();
      } finally {
        file?.close();
      }
    }
    this.storage.syncDirectory(this.consumerPath);
    this.storage.remove(path);
  }

  get #folder(): string {
    return `${this.consumerPath}/${FOLDER}`;
  }

  /** What a file says; checked, because a partition becomes a path, and numbers become fields of a slot. */
  #plannedIn({ seeks }: JsonObject, path: string): PlannedSeek[] {
    if (!Array.isArray(seeks) || !seeks.every(isPlannedSeek)) throw unreadable(path, "");
    const partitions = new Set<number>();
    for (const { partition } of seeks) {
      // Each costs a file: a document from elsewhere must not fill the folder.
      if (partition >= this.numPartitions) {
        throw unreadable(path, `: partition ${partition}, and the topic has ${this.numPartitions}`);
      }
      if (partitions.has(partition)) throw unreadable(path, `: partition ${partition} twice`);
      partitions.add(partition);
    }
    return seeks;
  }
}

function unreadable(path: string, what: string): StorageError {
  return new StorageError(
    "EILSEQ",
    `Cannot read "${path}": no version of this library has written what is in it${what}; remove the file`,
  );
}

function isPlannedSeek(value: unknown): value is PlannedSeek & JsonObject {
  const { partition, nextId, time, generation, mark } = (value ?? {}) as { [key: string]: unknown };
  const { salt = 0, nonce = 0, sequence = 0 } = (mark ?? {}) as { [key: string]: unknown };
  return [partition, nextId, time].every((number) => isBelow(number, 2 ** 53)) &&
    [generation, salt, nonce, sequence].every((number) => isBelow(number, 2 ** 32)) &&
    (mark === undefined || typeof mark === "object");
}

function isBelow(value: unknown, end: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < end;
}
