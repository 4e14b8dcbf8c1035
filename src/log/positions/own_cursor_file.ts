import { StorageError } from "../../errors.ts";
import { type IdleFiles, registerIdle, unregisterIdle } from "../../storage/idle_files.ts";
import {
  bestEffort,
  isSameFile,
  openIfThere,
  type PathState,
  type Storage,
  type StorageFile,
  writeOnceAt,
} from "../../storage/port.ts";
import {
  BEFORE_SLOT,
  CURSOR_FILE_BYTES,
  type CursorFilePublication,
  type CursorFiles,
  isOwnedBy,
  wasRetired,
} from "./cursor_files.ts";
import { encodeSlot, POSITION_SLOT_BYTES, type StoredPosition } from "./position_slot.ts";

interface CursorFileSettings {
  storage: Storage;
  files: CursorFiles;
  /** Identifies the consumer. */
  owner: number;
}

/** The file of one consumer's positions. */
export class OwnCursorFile implements IdleFiles {
  readonly path: string;
  /** Undefined while it is closed for want of descriptors. */
  #file: StorageFile | undefined;
  readonly #made: PathState;
  #sequence = 0;
  /** Whether it, and its name, have to be on the disk before its positions are confirmed: no later one is synced. */
  isSyncDue = false;
  /** Whether a sync has failed, so that the system may have dropped what was written before. */
  #isInDoubt = false;
  #syncing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(
    private readonly settings: CursorFileSettings,
    { file, state }: { file: StorageFile; state: PathState },
    /** The position written last. */
    public position: StoredPosition,
  ) {
    this.path = file.path;
    this.#file = file;
    this.#made = state;
    registerIdle(this, settings.storage);
  }

  /**
   * Makes it at its full size, so that no later position needs space on the disk. It has `next`, and those positions of
   * `before` that are needed if the log loses the event before `next`. Undefined if it was to be the first file of the
   * name and is not. Throws `ENOENT` if it was removed immediately.
   */
  static make(
    settings: CursorFileSettings,
    next: StoredPosition,
    before: StoredPosition | undefined,
    how: CursorFilePublication,
  ): OwnCursorFile | undefined {
    const content = new Uint8Array(CURSOR_FILE_BYTES);
    const earlier = [...before === undefined ? [] : [before], ...before?.earlier ?? []]
      .filter(({ nextId, mark }) => nextId < next.nextId && mark !== undefined);
    const ofOther = earlier.find(({ mark }) => mark?.salt !== next.mark?.salt);
    [next, earlier[0], ofOther].forEach((each, index) => {
      if (each === undefined) return;
      const slot = encode(settings, { ...each, generation: next.generation }, index);
      content.set(slot, index * POSITION_SLOT_BYTES);
    });
    const made = settings.files.publish(content, how);
    if (made === undefined) return undefined;
    const own = new OwnCursorFile(settings, made, next);
    try {
      if (own.isThere) return own;
      throw new StorageError("ENOENT", `Cannot store a position in "${own.path}": the file was removed`);
    } catch (error) {
      own.close();
      throw error;
    }
  }

  /**
   * Whether another consumer retired it: what is written into it does not count any more. One that was removed while it was
   * closed is taken for retired: the next one finds out whether the consumer was deleted.
   */
  get isRetired(): boolean {
    const file = this.#opened();
    return file === undefined || wasRetired(file);
  }

  /** Whether it still has its name; a file of a consumer of this name that was made since has the same path. */
  get isThere(): boolean {
    const file = this.#opened();
    return file !== undefined && file.size() >= 0 && this.#hasName();
  }

  #hasName(): boolean {
    const there = this.settings.storage.stat(this.path);
    return there !== undefined && isSameFile(there, this.#made);
  }

  /** The open file; undefined if it was removed while it was closed. */
  #opened(): StorageFile | undefined {
    if (this.#file !== undefined) return this.#file;
    const file = openIfThere(this.settings.storage, this.path);
    // A file that was made since may even have its number: that of a removed one is free when no one has it open.
    const isOwn = file !== undefined && this.#hasName() && isOwnedBy(this.settings.owner, file);
    if (isOwn) registerIdle(this, this.settings.storage);
    else file?.close();
    return this.#file = isOwn ? file : undefined;
  }

  closeIdle(): boolean {
    if (this.#file === undefined || this.#syncing !== undefined) return false;
    try {
      // While it is closed the system may forget that it could not write something.
      if (this.isSyncDue || this.#isInDoubt) this.syncNow();
    } catch {
      return false;
    }
    this.#file.close();
    this.#file = undefined;
    unregisterIdle(this);
    return true;
  }

  /** Whether it was removed, and its position is in no other consumer's file. */
  get isLost(): boolean {
    return !this.isThere && !this.isRetired;
  }

  write(next: StoredPosition): void {
    const { mark, nextId } = this.position;
    if (mark !== undefined && mark.salt !== next.mark?.salt && nextId < next.nextId) {
      this.#writeSlot(encode(this.settings, this.position, this.#sequence), BEFORE_SLOT);
    }
    this.#writeNext(next, this.settings);
  }

  /**
   * Stays open until a sync of it, which may wait for others, has ended, though it is closed before: the system may give
   * the descriptor of a closed file to another one, which would be synced instead, or written to.
   */
  keepOpenDuring(syncing: Promise<void>): void {
    this.#syncing = syncing;
    const finish = () => {
      if (this.#syncing !== syncing) return;
      this.#syncing = undefined;
      if (this.#isClosed) this.#file?.close();
    };
    void syncing.then(finish, finish);
  }

  /** Puts what was written on the disk, where it is already if it was closed since. */
  async sync(): Promise<void> {
    if (this.#file === undefined) return;
    this.#writeDropped();
    try {
      await this.#file.sync();
    } catch (error) {
      this.#isInDoubt = true;
      throw error;
    }
  }

  /** The same, blocking. */
  syncNow(): void {
    this.#writeDropped();
    this.#isInDoubt = true;
    this.#opened()?.syncNow();
    this.#isInDoubt = false;
  }

  /** A sync after a failed one covers only what was written in between. */
  #writeDropped(): void {
    if (!this.#isInDoubt) return;
    this.#writeNext(this.position, this.settings);
    this.#isInDoubt = false;
  }

  /** Closes it, and records in it that its owner has closed, so that the next consumer need not wait to find out. */
  end(): void {
    bestEffort(() => this.#writeNext(this.position, { ...this.settings, owner: 0 }));
    this.close();
  }

  close(): void {
    this.#isClosed = true;
    unregisterIdle(this);
    if (this.#syncing === undefined) this.#file?.close();
  }

  #writeNext(next: StoredPosition, settings: CursorFileSettings): void {
    // Incremented after the write: the write after a failed one goes into the same slot, and leaves the other one whole.
    const sequence = this.#sequence + 1;
    this.#writeSlot(encode(settings, next, sequence), sequence & 1);
    this.#sequence = sequence;
    this.position = next;
  }

  #writeSlot(slot: Uint8Array, index: number): void {
    const file = this.#opened();
    if (file !== undefined) writeOnceAt(file, slot, index * POSITION_SLOT_BYTES);
  }
}

function encode(
  { storage, owner }: CursorFileSettings,
  position: StoredPosition,
  sequence: number,
): Uint8Array {
  const { nextId, time, mark, generation } = position;
  return encodeSlot({ nextId, time, mark, generation, owner, sequence, written: storage.now() });
}
