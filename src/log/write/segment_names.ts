import { StorageError } from "../../errors.ts";
import { bestEffort, changeFolder, type Storage } from "../../storage/port.ts";

/** A folder to be synced, what to change in it first, and what to do when that is done or has failed. */
interface FolderSync {
  path: string;
  change?: () => void;
  /** Throws the error, unless it does not matter. */
  settle(error: unknown): void;
}

/**
 * Paths whose directory entries may be lost because a sync of their folder failed, with the failure. All producers of
 * this process share them: the system reports a failure only once.
 */
const doubtfulNames = new WeakMap<Storage, Map<string, StorageError>>();

/** Errors of a sync that was not even tried: they say nothing about what is on the disk. */
export const NOT_TRIED: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM"]);

/** Errors of a folder that this process may not open: the process that made the topic there may. */
const NOT_OURS = new Set(["EACCES", "EPERM"]);

/** Puts the names of segments and of their markers on the disk, and that of their topic. */
export class SegmentNames {
  /** Paths whose names a sync of the folder has covered. */
  readonly #known = new Set<string>();
  readonly #doubtful: Map<string, StorageError>;
  /** The sync that is running. */
  #running: Promise<void> | undefined;

  /**
   * `openPaths` gives the paths that the open segments need. `topFolder` is the one with the topic, whose process may
   * have been killed before it synced the name of the topic there.
   */
  constructor(
    private readonly storage: Storage,
    private readonly directory: string,
    private readonly openPaths: () => string[],
    private readonly topFolder?: string,
  ) {
    const { base = storage } = storage;
    this.#doubtful = doubtfulNames.get(base) ?? new Map();
    doubtfulNames.set(base, this.#doubtful);
  }

  /** Whether the name is on the disk. */
  isKnown(path: string): boolean {
    return this.#known.has(path);
  }

  /** Whether the name may be lost. */
  isInDoubt(path: string): boolean {
    return this.#doubtful.has(path);
  }

  /** Syncs a name; all that need it at the same time share a sync. */
  async sync(path: string): Promise<void> {
    // One that was made after that sync had begun needs the next one.
    while (!this.#known.has(path)) {
      this.#checkDoubt(path);
      await (this.#running ??= this.#sync(path).finally(() => this.#running = undefined));
    }
  }

  /** The same, blocking. */
  syncNow(path: string): void {
    if (this.#known.has(path)) return;
    this.#checkDoubt(path);
    for (const { path: folder, change, settle } of this.#foldersFor(path)) {
      let failure: unknown;
      try {
        this.storage.syncDirectory(folder, change);
      } catch (error) {
        failure = error;
      }
      settle(failure);
    }
  }

  async #sync(path: string): Promise<void> {
    for (const { path: folder, change, settle } of this.#foldersFor(path)) {
      settle(await this.storage.syncDirectoryLater(folder, change).then(() => undefined, (error) => error));
    }
  }

  #checkDoubt(path: string): void {
    const failure = this.#doubtful.get(path);
    if (failure !== undefined) throw failure;
  }

  #foldersFor(path: string): FolderSync[] {
    const { topFolder, directory } = this;
    const top = topFolder === undefined || this.#known.has(topFolder) ? [] : [this.#topSync(topFolder)];
    // What is made while they run is not covered.
    const covered = [path, ...this.openPaths()];
    return [...top, {
      path: directory,
      // Another process may have made the segment, and its sync of the folder may have failed, which the system reports
      // only once: a change to the folder makes it write the folder again.
      change: () => bestEffort(() => changeFolder(this.storage, path)),
      settle: (error) => {
        if (error !== undefined) this.#fail(error, () => this.#doubtNames(path, error as StorageError));
        for (const each of covered) if (!this.#doubtful.has(each)) this.#known.add(each);
      },
    }];
  }

  /**
   * A topic's name cannot be made anew, as a segment's is. So a later sync counts after a failed one, if the folder was
   * changed in between, which makes the system write it again.
   */
  #topSync(path: string): FolderSync {
    const isInDoubt = this.#doubtful.has(path);
    // Named as what is being created there: if this process is killed now, it is removed some day.
    const change = () => changeFolder(this.storage, `${path}/.creating-`);
    return {
      path,
      // Without a failure that is known here another process may have had one.
      change: isInDoubt ? change : () => bestEffort(change),
      settle: (error) => {
        if (error !== undefined && (isInDoubt || !isNotOurs(error))) {
          this.#fail(error, () => this.#doubtful.set(path, error as StorageError));
        }
        if (isInDoubt) this.#doubtful.delete(path);
        else this.#checkDoubt(path);
        this.#known.add(path);
      },
    };
  }

  /** Throws the error of a sync; `doubt` notes it, because no later sync would report it. */
  #fail(error: unknown, doubt: () => void): never {
    if (error instanceof StorageError && !NOT_TRIED.has(error.errno)) doubt();
    throw error;
  }

  /** After a failed sync of the folder: all names that no earlier sync covered may be lost, and stay in doubt. */
  #doubtNames(path: string, error: StorageError): void {
    for (const name of [...this.#listed(), path]) {
      if (!this.#known.has(name)) this.#doubtful.set(name, error);
    }
  }

  #listed(): string[] {
    try {
      return this.storage.list(this.directory).map((name) => `${this.directory}/${name}`);
    } catch {
      return [];
    }
  }
}

function isNotOurs(error: unknown): boolean {
  return error instanceof StorageError && NOT_OURS.has(error.errno);
}
