import { StorageError } from "../../errors.ts";
import { bestEffort, type Storage, type StorageFile } from "../../storage/port.ts";

/** The state of a file that was appended to. */
interface FileState {
  readonly file: StorageFile;
  /**
   * The same file, opened once more for blocking syncs: the system reports a failed sync once to each open file, so
   * that of two simultaneous syncs on one open file either might miss it.
   */
  twin: StorageFile | undefined;
  /** Something was appended after the last sync began. */
  isDirty: boolean;
  running: Promise<void> | undefined;
  /** The next sync, shared by all that are requested while one is running. */
  waiting: Promise<void> | undefined;
  /** Not appended to any more. */
  isRetired: boolean;
}

/**
 * Paths whose directory entries may be lost because a sync of their folder failed, with the failure. All producers of
 * this process share them: the system reports a failure only once.
 */
const doubtfulNames = new WeakMap<Storage, Map<string, StorageError>>();

/** Errors of a sync that was not even tried: they say nothing about what is on the disk. */
const NOT_TRIED = new Set(["EMFILE", "ENFILE", "ENOMEM"]);

/** Errors of a folder that this process may not open: the process that made the topic there may. */
const NOT_OURS = new Set(["EACCES", "EPERM"]);

const NOTHING = new Uint8Array(0);

/**
 * Syncs what was appended. All requests that come while a sync is running share the next one, so that many pushes cost
 * few syncs (group commit).
 *
 * A failed sync is final for everything that was appended to the file since the last successful one: the system may
 * have dropped those pages, and reports that once. A later sync that succeeds proves nothing.
 */
export class Durability {
  readonly #states = new Map<StorageFile, FileState>();
  /** Files of which a sync failed, closed ones too: what was appended since the last good sync is never confirmed. */
  readonly #failures = new WeakMap<StorageFile, StorageError>();
  /** Paths whose names a sync of the folder has covered. */
  readonly #knownPaths = new Set<string>();
  readonly #doubtful: Map<string, StorageError>;

  /**
   * `failed` is called with the reason when the current file must not be appended to any more. `topFolder` is the one
   * with the topic, whose process may have been killed before it synced the name of the topic there.
   */
  constructor(
    private readonly storage: Storage,
    private readonly directory: string,
    private readonly failed: (failure: StorageError) => void = () => {},
    private readonly topFolder?: string,
  ) {
    const { base = storage } = storage;
    this.#doubtful = doubtfulNames.get(base) ?? new Map();
    doubtfulNames.set(base, this.#doubtful);
  }

  /** Registers a file before anything is appended to it; `blocking` says that `syncNow` will be used. */
  opened(file: StorageFile, blocking: boolean): void {
    const twin = blocking ? this.storage.open(file.path, "append") : undefined;
    this.#states.set(file, {
      file,
      twin,
      isDirty: false,
      running: undefined,
      waiting: undefined,
      isRetired: false,
    });
  }

  /** Something was appended to the file. */
  wrote(file: StorageFile): void {
    const state = this.#states.get(file);
    if (state !== undefined) state.isDirty = true;
  }

  /** The file will not be appended to any more: it is closed once it is synced. */
  retire(file: StorageFile): void {
    const state = this.#states.get(file);
    if (state === undefined) return file.close();
    state.isRetired = true;
    this.#closeIfDone(state);
  }

  /** Resolves when everything appended to these files before, or to all of them, is on the disk. */
  async sync(files: Iterable<StorageFile> = [...this.#states.keys()]): Promise<void> {
    const syncs: Promise<void>[] = [];
    for (const file of files) {
      const state = this.#states.get(file);
      const failure = this.#failures.get(file);
      if (failure !== undefined) syncs.push(Promise.reject(failure));
      else if (state !== undefined) syncs.push(this.#sync(state));
    }
    // Waits for all of them, so that no rejection is unhandled.
    for (const result of await Promise.allSettled(syncs)) {
      if (result.status === "rejected") throw result.reason;
    }
  }

  /** As `sync`, blocking. */
  syncNow(files: Iterable<StorageFile>): void {
    for (const file of files) {
      this.#checkSyncs(file);
      const state = this.#states.get(file);
      if (state === undefined) continue;
      try {
        this.#syncName(state);
        (state.twin ?? state.file).syncNow();
      } catch (error) {
        throw this.#asFailure(state, error);
      }
      // The result of a running sync is not known yet, and a file whose sync failed is not clean.
      if (state.running === undefined) state.isDirty = false;
      this.#closeIfDone(state);
    }
  }

  /** A sync of the file failed elsewhere. */
  syncFailed(file: StorageFile, error: unknown): unknown {
    const state = this.#states.get(file);
    return state === undefined ? error : this.#asFailure(state, error);
  }

  /** Closes what is still open, without a sync. */
  close(): void {
    for (const state of this.#states.values()) {
      state.isDirty = false;
      state.isRetired = true;
      this.#closeIfDone(state);
    }
  }

  #sync(state: FileState): Promise<void> {
    if (state.waiting !== undefined) return state.waiting;
    if (state.running === undefined) return state.isDirty ? this.#run(state) : Promise.resolve();
    if (!state.isDirty) return state.running;
    return state.waiting = state.running.catch(() => {}).then(() => {
      state.waiting = undefined;
      return this.#run(state);
    });
  }

  #run(state: FileState): Promise<void> {
    const run = this.#syncFile(state).finally(() => {
      state.running = undefined;
      this.#closeIfDone(state);
    });
    return state.running = run;
  }

  async #syncFile(state: FileState): Promise<void> {
    this.#checkSyncs(state.file);
    state.isDirty = false;
    try {
      this.#syncName(state);
      await state.file.sync();
    } catch (error) {
      throw this.#asFailure(state, error);
    }
    // A blocking sync may have failed meanwhile.
    this.#checkSyncs(state.file);
  }

  /** Throws if a sync of the file failed. */
  #checkSyncs(file: StorageFile): void {
    const failure = this.#failures.get(file);
    if (failure !== undefined) throw failure;
  }

  /**
   * Syncs the directory entry of a segment, which another process may have made. The sync of that process may have
   * failed, which the system reports only once: a change to the folder makes it write the folder again.
   */
  #syncName({ file: { path } }: FileState): void {
    if (this.#knownPaths.has(path)) return;
    const { topFolder } = this;
    if (topFolder !== undefined) {
      this.#syncOnce(
        topFolder,
        () => this.#syncTopFolder(topFolder),
        (error) => this.#doubtful.set(topFolder, error),
      );
    }
    this.#syncOnce(
      path,
      () => this.storage.syncDirectory(this.directory, () => this.#changeFolder(path)),
      (error) => this.#doubtNames(path, error),
    );
    // It has covered the names of all files that were opened before it: a flush over many segments takes one.
    for (const { file } of this.#states.values()) {
      if (!this.#doubtful.has(file.path)) this.#knownPaths.add(file.path);
    }
  }

  /** Syncs what makes a path durable, unless it is; `doubt` notes a failure, which no later sync would report. */
  #syncOnce(path: string, sync: () => void, doubt: (error: StorageError) => void): void {
    if (this.#knownPaths.has(path)) return;
    const earlier = this.#doubtful.get(path);
    if (earlier !== undefined) throw earlier;
    try {
      sync();
    } catch (error) {
      if (error instanceof StorageError && !NOT_TRIED.has(error.errno)) doubt(error);
      throw error;
    }
    this.#knownPaths.add(path);
  }

  #syncTopFolder(path: string): void {
    try {
      this.storage.syncDirectory(path);
    } catch (error) {
      if (!(error instanceof StorageError && NOT_OURS.has(error.errno))) throw error;
    }
  }

  /** After a failed sync of the folder: all names that no earlier sync covered may be lost, and stay in doubt. */
  #doubtNames(path: string, error: StorageError): void {
    for (const name of [...this.#listed(), path]) {
      if (!this.#knownPaths.has(name)) this.#doubtful.set(name, error);
    }
  }

  #listed(): string[] {
    try {
      return this.storage.list(this.directory).map((name) => `${this.directory}/${name}`);
    } catch {
      return [];
    }
  }

  #changeFolder(path: string): void {
    // Makes a draft, and removes it. If the disk is full, for instance, the sync of the folder is worth trying anyway.
    bestEffort(() => this.storage.publish(path, NOTHING, { durable: false, confirm: () => false }));
  }

  #asFailure(state: FileState, error: unknown): unknown {
    state.isDirty = true;
    if (!(error instanceof StorageError)) return error;
    const earlier = this.#failures.get(state.file);
    if (earlier !== undefined) return earlier;
    const { errno, message } = error;
    const isFinal = !NOT_TRIED.has(errno);
    const why = isFinal
      ? "what was appended since the last sync may be lost, and no later sync reports it"
      : "what was appended is not known to be on the disk";
    const failure = new StorageError(
      errno,
      `${message}: ${why}; check whether the events are there before pushing them again`,
      { cause: error, mayBeStored: true },
    );
    if (!isFinal) return failure;
    this.#failures.set(state.file, failure);
    this.failed(failure);
    return failure;
  }

  #closeIfDone(state: FileState): void {
    const isDone = state.running === undefined && state.waiting === undefined &&
      (!state.isDirty || this.#failures.has(state.file));
    if (state.isRetired && isDone) this.#close(state);
  }

  #close(state: FileState): void {
    this.#states.delete(state.file);
    state.twin?.close();
    state.file.close();
  }
}
