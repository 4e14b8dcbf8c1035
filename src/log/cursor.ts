/**
 * The stored position of one consumer name in one partition: a file of 64 slots of 64 bytes.
 *
 * ```text
 *  0 4 magic "DSCU"        20 4 generation: counts seeks       40 8 written, ms since 1970
 *  4 4 version = 1         24 8 next id                        48 12 zero
 *  8 8 owner               32 8 time of the frame that holds   60 4 CRC-32 of bytes 0 to 59
 * 16 4 sequence                 the event before, ms
 * ```
 *
 * Every open consumer owns a pair of slots and writes them in turn with one `write`, so a kill at any moment
 * leaves the one before. The position is the greatest of all valid slots by (generation, next id): an
 * acknowledgement never moves it backwards, a seek begins a new generation. A consumer that finds its pair
 * taken over takes the one least recently written.
 *
 * @module
 */
import { core } from "./core.ts";
import { StorageError, UnsupportedFormatError } from "../errors.ts";
import type { Storage, StorageFile } from "../storage/port.ts";
import { readUint64 } from "./frame.ts";

const MAGIC = 0x55435344;
const VERSION = 1;
/** Bytes of one slot. */
export const POSITION_SLOT_BYTES = 64;
const PAIRS = 32;
const FILE_BYTES = 2 * PAIRS * POSITION_SLOT_BYTES;
/** A pair not written for this long may be taken over. */
const PAIR_LEASE_MS = 10_000;

/** A position, and what identifies the event before it. */
export interface StoredPosition {
  nextId: number;
  /** Time of the frame that holds the event before, in milliseconds since 1970; 0 when not known. */
  time: number;
  generation: number;
}

interface Slot extends StoredPosition {
  owner: number;
  sequence: number;
  written: number;
}

/** What the folder of a cursor file does beside holding it. */
export interface CursorFolder {
  /** Makes it unless it is there, before a position is stored. */
  prepare?(): void;
  /** Reads the position, or says that there is none. */
  read?(read: () => StoredPosition | undefined): StoredPosition | undefined;
  /** The error for a position that cannot be stored any more: the file was removed while it was open. */
  removed?(): Error;
}

/** The cursor file of one name and partition. */
export class CursorFile {
  readonly #owner: number;
  #pair = -1;
  #sequence = 0;
  #file: StorageFile | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly path: string,
    private readonly folder: CursorFolder = {},
  ) {
    this.#owner = storage.random32() * 2 ** 20 + (storage.random32() & 0xfffff);
  }

  /** The stored position, or undefined when this name never acknowledged anything here. */
  read(): StoredPosition | undefined {
    const read = () => {
      const bytes = readPositions(this.storage, this.path);
      return bytes === undefined ? undefined : positionOf(decode(bytes, this.path));
    };
    return this.folder.read === undefined ? read() : this.folder.read(read);
  }

  /** Stores that everything below `nextId` is done with, unless that is known already. */
  acknowledge(nextId: number, time: number): void {
    this.#write((position) => {
      if (position !== undefined && position.nextId >= nextId) return undefined;
      return { nextId, time, generation: position?.generation ?? 1 };
    });
  }

  /** Stores a position, also one before the stored one. */
  seek(nextId: number, time: number): void {
    this.#write((position) => ({ nextId, time, generation: (position?.generation ?? 0) + 1 }));
  }

  /** The generation that the next seek begins. Makes the file, so that the seek needs no room on the disk. */
  nextGeneration(): number {
    this.#open();
    return (this.read()?.generation ?? 0) + 1;
  }

  /** Stores a position that was decided before, unless a seek was stored since. */
  apply({ nextId, time, generation }: StoredPosition): void {
    this.#write((position) =>
      position !== undefined && position.generation >= generation ? undefined : { nextId, time, generation }
    );
  }

  /** Lets go of the file. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #write(decide: (position: StoredPosition | undefined) => StoredPosition | undefined): void {
    const file = this.#open();
    const bytes = new Uint8Array(FILE_BYTES);
    const got = file.readAt(bytes, 0);
    const slots = decode(bytes.subarray(0, got), this.path);
    const next = decide(positionOf(slots));
    if (next === undefined) return this.#checkIsThere(file);
    const now = this.storage.now();
    if (this.#pair < 0 || !this.#owns(slots)) this.#pair = freePair(slots, now, this.storage.random32());
    const slotIndex = this.#pair * 2 + (this.#sequence++ & 1);
    const slot = encode({ ...next, owner: this.#owner, sequence: this.#sequence, written: now });
    const written = file.writeAt(slot, slotIndex * POSITION_SLOT_BYTES);
    if (written < POSITION_SLOT_BYTES) {
      throw new StorageError(
        "ENOSPC",
        `Cannot store a position in "${this.path}": the system took ${written} of ${POSITION_SLOT_BYTES} bytes`,
        { canRetry: true },
      );
    }
    this.#checkIsThere(file);
  }

  /** After the write: what was written while the file had its name is stored, and what came later may be lost. */
  #checkIsThere(file: StorageFile): void {
    if (file.size() >= 0 && this.storage.stat(this.path) !== undefined) return;
    this.close();
    throw this.folder.removed?.() ??
      new StorageError("ENOENT", `Cannot store a position in "${this.path}": the file was removed`);
  }

  #owns(slots: readonly (Slot | undefined)[]): boolean {
    return slots[this.#pair * 2]?.owner === this.#owner || slots[this.#pair * 2 + 1]?.owner === this.#owner;
  }

  #open(): StorageFile {
    if (this.#file !== undefined) return this.#file;
    this.folder.prepare?.();
    // Made at its full size, so that no later acknowledgement needs room on the disk.
    if (this.storage.stat(this.path) === undefined) {
      this.storage.publish(this.path, new Uint8Array(FILE_BYTES));
    }
    return this.#file = this.storage.open(this.path, "update");
  }
}

/** The content of a cursor file; undefined when it is not there. */
export function readPositions(storage: Storage, path: string): Uint8Array | undefined {
  return storage.readWhole(path, FILE_BYTES);
}

/** What a cursor file says, and where in it slots are that are neither valid nor empty. */
export function inspectPositions(
  bytes: Uint8Array,
  path: string,
): { position: StoredPosition | undefined; damagedAt: number[] } {
  const slots = decode(bytes, path);
  const isEmpty = (at: number) => bytes.subarray(at, at + POSITION_SLOT_BYTES).every((byte) => byte === 0);
  const offsets = slots.map((_, index) => index * POSITION_SLOT_BYTES);
  const damagedAt = offsets.filter((at, index) => slots[index] === undefined && !isEmpty(at));
  return { position: positionOf(slots), damagedAt };
}

function positionOf(slots: readonly (Slot | undefined)[]): StoredPosition | undefined {
  let best: Slot | undefined;
  for (const slot of slots) {
    if (slot === undefined) continue;
    if (
      best === undefined || slot.generation > best.generation ||
      (slot.generation === best.generation && slot.nextId > best.nextId)
    ) best = slot;
  }
  return best;
}

/** A pair nobody wrote to lately, and not the one that holds the position. */
function freePair(slots: readonly (Slot | undefined)[], now: number, random: number): number {
  const best = positionOf(slots);
  const writtenAt = Array.from({ length: PAIRS }, (_, pair) => {
    const two = [slots[pair * 2], slots[pair * 2 + 1]];
    if (best !== undefined && two.some((slot) => slot === best)) return now;
    return Math.max(...two.map((slot) => slot?.written ?? 0));
  });
  const free = writtenAt.flatMap((written, pair) => Math.abs(now - written) > PAIR_LEASE_MS ? [pair] : []);
  if (free.length > 0) return free[random % free.length];
  return writtenAt.indexOf(Math.min(...writtenAt));
}

function decode(bytes: Uint8Array, path: string): (Slot | undefined)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const slots: (Slot | undefined)[] = [];
  for (let at = 0; at + POSITION_SLOT_BYTES <= bytes.byteLength; at += POSITION_SLOT_BYTES) {
    const isValid = view.getUint32(at, true) === MAGIC &&
      core.crc32(bytes.subarray(at, at + 60)) === view.getUint32(at + 60, true);
    const version = view.getUint32(at + 4, true);
    if (isValid && version > VERSION) throw new UnsupportedFormatError(path, version, VERSION);
    slots.push(
      isValid
        ? {
          owner: readUint64(view, at + 8),
          sequence: view.getUint32(at + 16, true),
          generation: view.getUint32(at + 20, true),
          nextId: readUint64(view, at + 24),
          time: readUint64(view, at + 32),
          written: readUint64(view, at + 40),
        }
        : undefined,
    );
  }
  return slots;
}

function encode(slot: Slot): Uint8Array {
  const bytes = new Uint8Array(POSITION_SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  const { owner, sequence, generation, nextId, time, written } = slot;
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setBigUint64(8, BigInt(owner), true);
  view.setUint32(16, sequence, true);
  view.setUint32(20, generation, true);
  view.setBigUint64(24, BigInt(nextId), true);
  view.setBigUint64(32, BigInt(time), true);
  view.setBigUint64(40, BigInt(written), true);
  view.setUint32(60, core.crc32(bytes.subarray(0, 60)), true);
  return bytes;
}
