import { ConsumerDeletedError, StorageError } from "../../errors.ts";
import { listIfThere, type Storage } from "../../storage/port.ts";
import { removeFolder, removeLeftovers, tryRemoveTree } from "./temporary_folders.ts";
import { canBeIn, nameOfFolder } from "./consumer_names.ts";
import { checkIsFolder } from "./layout.ts";
import { ConsumerFolder, type ConsumerLocation, type SeekTarget } from "./consumer_folder.ts";
import { findFolders, hasPositions, readName } from "./name_file.ts";

/** How often to restart a seek when other processes delete the name at the same time. */
const ATTEMPTS_MAX = 10;

/** The consumer names with stored positions in a topic. */
export class ConsumerRegistry {
  readonly #location: ConsumerLocation;

  constructor(storage: Storage, topicPath: string, topic: string, numPartitions: number) {
    this.#location = { storage, topicPath, directory: `${topicPath}/consumers`, topic, numPartitions };
  }

  /** Every name that has a stored position. */
  names(): string[] {
    const { storage, directory } = this.#location;
    checkIsFolder(storage, directory);
    const names = new Set<string>();
    for (const folder of listIfThere(storage, directory)) {
      const path = `${directory}/${folder}`;
      if (storage.stat(path)?.kind !== "directory") continue;
      const name = nameIn(storage, path, folder);
      if (name !== undefined) names.add(name);
    }
    return [...names].sort();
  }

  /** The positions of a name, whether stored or not; see {@linkcode ConsumerFolder} for `keepsFirst`. */
  consumer(name: string, keepsFirst = false): ConsumerFolder {
    return new ConsumerFolder(this.#location, name, keepsFirst);
  }

  /** Stores positions of a name in several partitions atomically. */
  seek(name: string, targets: readonly SeekTarget[]): void {
    for (let attempt = 1;; attempt++) {
      try {
        return this.consumer(name).seek(targets);
      } catch (error) {
        // Another process is deleting the name: create it anew.
        if (!(error instanceof ConsumerDeletedError) || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** Deletes all positions of a name, by one rename. */
  remove(name: string): void {
    const { storage, topicPath } = this.#location;
    removeLeftovers(
      storage,
      topicPath,
      listIfThere(storage, topicPath),
      (path) => tryRemoveTree(storage, path),
    );
    for (const path of findFolders(this.#location, name).found) removeFolder(storage, topicPath, path);
  }
}

/**
 * The name whose positions are in a folder, by which readers find it there, even if its name file is missing or damaged:
 * retention keeps what it has not acknowledged. Undefined for an incomplete folder, without either.
 */
function nameIn(storage: Storage, path: string, folder: string): string | undefined {
  const stored = readName(storage, path);
  if (stored !== undefined && canBeIn(stored, folder)) return stored;
  const isEmpty = !hasPositions(storage, path);
  if (stored === undefined && isEmpty) return undefined;
  const name = nameOfFolder(folder);
  if (name !== undefined || isEmpty) return name;
  throw new StorageError(
    "EILSEQ",
    `Cannot tell which consumer the positions in "${path}" belong to: its file "name" is ` +
      `${stored === undefined ? "missing" : "damaged"}; write the name into it, or remove the folder`,
  );
}
