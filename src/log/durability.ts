import type { Storage, StorageFile } from "../storage/port.ts";

/**
 * Puts what was appended on the disk. Everybody who asks while a sync is under way shares the next one, so that
 * many pushes cost few syncs.
 */
export class Durability {
  readonly #dirty = new Set<StorageFile>();
  readonly #retired = new Set<StorageFile>();
  readonly #knownPaths = new Set<string>();
  #running: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  constructor(private readonly storage: Storage, private readonly directory: string) {}

  /** Something was appended to the file. */
  wrote(file: StorageFile): void {
    this.#dirty.add(file);
  }

  /** The file will not be appended to any more: it is closed when it is on the disk. */
  retire(file: StorageFile): void {
    if (this.#dirty.has(file)) this.#retired.add(file);
    else if (this.#running === undefined) file.close();
    else this.#running.catch(() => {}).then(() => file.close());
  }

  /** Resolves when everything written before is on the disk. */
  sync(): Promise<void> {
    if (this.#waiting !== undefined) return this.#waiting;
    if (this.#running === undefined) return this.#run();
    const next = this.#running.catch(() => {}).then(() => {
      this.#waiting = undefined;
      return this.#run();
    });
    return this.#waiting = next;
  }

  /** As `sync`, blocking. */
  syncNow(): void {
    const files = this.#begin();
    try {
      for (const file of files) file.syncNow();
    } finally {
      this.#closeRetired(files);
    }
  }

  /** Closes what is still open, without a sync. */
  close(): void {
    for (const file of this.#retired) file.close();
    this.#retired.clear();
    this.#dirty.clear();
  }

  #run(): Promise<void> {
    const run = this.#syncDirty().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    return this.#running = run;
  }

  async #syncDirty(): Promise<void> {
    const files = this.#begin();
    try {
      await Promise.all(files.map((file) => file.sync()));
    } finally {
      this.#closeRetired(files);
    }
  }

  #begin(): StorageFile[] {
    const unknown = [...this.#dirty].map(({ path }) => path).filter((path) => !this.#knownPaths.has(path));
    if (unknown.length > 0) {
      // The name of a segment that others made may not be on the disk yet.
      this.storage.syncDirectory(this.directory);
      for (const path of unknown) this.#knownPaths.add(path);
    }
    const files = [...this.#dirty];
    this.#dirty.clear();
    return files;
  }

  #closeRetired(files: readonly StorageFile[]): void {
    for (const file of files) {
      // One that was written to meanwhile has another sync before it.
      if (!this.#dirty.has(file) && this.#retired.delete(file)) file.close();
    }
  }
}
