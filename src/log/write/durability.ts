import { StorageError } from "../../errors.ts";
import type { Storage, StorageFile } from "../../storage/port.ts";
import type { FileKeeper } from "./file_keeper.ts";
import { NOT_TRIED, SegmentNames } from "./segment_names.ts";

/** The state of a file that was appended to. */
interface FileState {
  readonly file: StorageFile;
  /**
   * The same file, opened once more for blocking syncs: the system reports a failed sync once to each open file, so
   * that of two simultaneous syncs on one open file either might miss it.
   */
  twin: StorageFile | undefined;
  /** The names in the folder without which what was appended does not count: its own, and those of markers. */
  readonly names: Set<string>;
  /** Something was appended after the last sync began. */
  isDirty: boolean;
  running: Promise<void> | undefined;
  /** The next sync, shared by all that are requested while one is running. */
  waiting: Promise<void> | undefined;
  isRetired: boolean;
}

interface DurabilityOptions {
  /** Whether `syncNow` will be used. */
  blocking?: boolean;
  /** Called with the reason when the current file must not be appended to any more. */
  failed?(failure: StorageError): void;
  /** The folder with the topic, whose process may have been killed before it synced the name of the topic there. */
  topFolder?: string | undefined;
}

/**
 * Syncs what was appended. All requests that come while a sync is running share the next one, so that many pushes cost
 * few syncs (group commit).
 *
 * A failed sync is final for everything that was appended to the file since the last successful one: the system may
 * have dropped those pages, and reports that once. A later sync that succeeds proves nothing.
 */
export class Durability implements FileKeeper {
  readonly #states = new Map<StorageFile, FileState>();
  /** Files of which a sync failed, closed ones too: what was appended since the last good sync is never confirmed. */
  readonly #failures = new WeakMap<StorageFile, StorageError>();
  readonly #names: SegmentNames;
  /** Names that have to be synced for files that are closed. */
  readonly #dueNames = new Set<string>();
  /** Whether a blocking sync is under way: what it opens must not close the file. */
  #isBlocking = false;

  constructor(
    private readonly storage: Storage,
    directory: string,
    private readonly options: DurabilityOptions = {},
  ) {
    const paths = () => [...this.#dueNames, ...[...this.#states.values()].flatMap(({ names }) => [...names])];
    this.#names = new SegmentNames(storage, directory, paths, options.topFolder);
  }

  /** Registers a file before anything is appended to it. */
  opened(file: StorageFile): void {
    const twin = this.options.blocking ? this.storage.open(file.path, "append") : undefined;
    this.#states.set(file, {
      file,
      twin,
      names: new Set([file.path]),
      isDirty: false,
      running: undefined,
      waiting: undefined,
      isRetired: false,
    });
  }

  /** What is appended to the file from now on counts only with this name in its folder, too. */
  needsName(file: StorageFile, path: string): void {
    this.#states.get(file)?.names.add(path);
  }

  wrote(file: StorageFile): void {
    const state = this.#states.get(file);
    if (state !== undefined) state.isDirty = true;
  }

  /** Whether a failed sync of the folder, of any producer of this process, may have lost the file's name. */
  isInDoubt(file: StorageFile): boolean {
    return this.#names.isInDoubt(file.path);
  }

  closeRetired(): boolean {
    let isAny = false;
    for (const state of this.#states.values()) {
      if (!state.isRetired || !this.settle(state.file)) continue;
      this.#closeIfDone(state);
      isAny = true;
    }
    return isAny;
  }

  /**
   * Syncs the file, blocking, if something was appended to it; its names are synced with the next sync. False while another
   * sync of it is running.
   */
  settle(file: StorageFile): boolean {
    const state = this.#states.get(file);
    if (state === undefined) return true;
    if (this.#isBlocking || state.running !== undefined || state.waiting !== undefined) return false;
    if (!state.isDirty) return true;
    this.#checkSyncs(file);
    this.#block(state, () => file.syncNow());
    state.isDirty = false;
    for (const name of state.names) if (!this.#names.isKnown(name)) this.#dueNames.add(name);
    return true;
  }

  /** The file is closed once it is synced. */
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
    // After them: what they opened may have closed others, whose names are due since.
    await this.#syncDueNames();
  }

  /** As `sync`, blocking. */
  syncNow(files: Iterable<StorageFile>): void {
    for (const file of files) {
      this.#checkSyncs(file);
      const state = this.#states.get(file);
      if (state === undefined) continue;
      this.#block(state, () => {
        for (const name of state.names) this.#names.syncNow(name);
        (state.twin ?? state.file).syncNow();
      });
      state.isDirty = false;
      this.#closeIfDone(state);
    }
    try {
      for (const name of this.#dueNames) {
        this.#names.syncNow(name);
        this.#dueNames.delete(name);
      }
    } catch (error) {
      throw error instanceof StorageError ? this.#reported(error) : error;
    }
  }

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
    // At once: otherwise what this opens could find the file idle, and close it.
    state.running = Promise.resolve();
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
      for (const name of state.names) if (!this.#names.isKnown(name)) await this.#names.sync(name);
      await state.file.sync();
    } catch (error) {
      throw this.#asFailure(state, error);
    }
    // A blocking sync may have failed meanwhile.
    this.#checkSyncs(state.file);
  }

  #block(state: FileState, sync: () => void): void {
    this.#isBlocking = true;
    try {
      sync();
    } catch (error) {
      throw this.#asFailure(state, error);
    } finally {
      this.#isBlocking = false;
    }
  }

  async #syncDueNames(): Promise<void> {
    try {
      for (const name of this.#dueNames) {
        await this.#names.sync(name);
        this.#dueNames.delete(name);
      }
    } catch (error) {
      throw error instanceof StorageError ? this.#reported(error) : error;
    }
  }

  #checkSyncs(file: StorageFile): void {
    const failure = this.#failures.get(file);
    if (failure !== undefined) throw failure;
  }

  #asFailure(state: FileState, error: unknown): unknown {
    state.isDirty = true;
    if (!(error instanceof StorageError)) return error;
    const earlier = this.#failures.get(state.file);
    if (earlier !== undefined) return earlier;
    return this.#reported(error, (failure) => this.#failures.set(state.file, failure));
  }

  /** The error to throw for one of a sync; `note` is called if that is final. */
  #reported(error: StorageError, note: (failure: StorageError) => void = () => {}): StorageError {
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
    note(failure);
    this.options.failed?.(failure);
    return failure;
  }

  #closeIfDone(state: FileState): void {
    const isDone = state.running === undefined && state.waiting === undefined &&
      (!state.isDirty || this.#failures.has(state.file));
    if (!state.isRetired || !isDone) return;
    this.#states.delete(state.file);
    state.twin?.close();
    state.file.close();
  }
}
