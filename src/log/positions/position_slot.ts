/**
 * One slot of a cursor file: 64 bytes.
 *
 * ```text
 *  0 4 magic "DSCU"        20 4 generation: counts seeks       48 4 salt of the segment
 *  4 4 version = 1         24 8 next id                        52 4 nonce of the writer, its lower half
 *  8 8 owner; 0: closed    32 8 time of the frame that holds   56 4 sequence of the frame
 * 16 4 sequence                 the event before, ms                that holds the event before
 *                          40 8 written, ms since 1970         60 4 CRC-32 of bytes 0 to 59
 * ```
 *
 * Bytes 48 to 59 are zero where the event before is not known, and in slots of earlier versions.
 *
 * @module
 */
import { UnsupportedFormatError } from "../../errors.ts";
import { core } from "../format/core/core.ts";
import { type FrameRecord, readUint64 } from "../format/frame_header.ts";

const MAGIC = 0x55435344;
const VERSION = 1;
export const POSITION_SLOT_BYTES = 64;
/** The largest file of slots: those of earlier versions had 64 slots. */
export const POSITION_FILE_BYTES_MAX = 64 * POSITION_SLOT_BYTES;

/** What identifies a frame, also among those that get its ids after a power cut. */
export interface FrameMark {
  /** Salt of its segment. */
  salt: number;
  /** The lower half of its writer's nonce. */
  nonce: number;
  sequence: number;
}

/** A position in a partition, and what identifies the event before it. */
export interface Position {
  nextId: number;
  /** Time of the frame that holds the event before, in milliseconds since 1970; 0 when not known. */
  time: number;
  /** That frame; undefined when not known. */
  mark?: FrameMark | undefined;
}

/** A position as it is stored. */
export interface StoredPosition extends Position {
  /** 0 if the position is lost: the file is there, and nothing in it can be read. */
  generation: number;
  /** Earlier positions, below this one, that name the frame before them; the greatest first. */
  earlier?: readonly Position[];
}

export function markOf({ salt, nonceLow, sequence }: FrameRecord): FrameMark {
  return { salt, nonce: nonceLow, sequence };
}

export interface Slot extends Position {
  owner: number;
  sequence: number;
  generation: number;
  written: number;
}

/** The slots of a file, in order; undefined for one that is empty or damaged. */
export function decodeSlots(bytes: Uint8Array, path: string): (Slot | undefined)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const slots: (Slot | undefined)[] = [];
  for (let at = 0; at + POSITION_SLOT_BYTES <= bytes.byteLength; at += POSITION_SLOT_BYTES) {
    const isValid = view.getUint32(at, true) === MAGIC &&
      core.crc32(bytes.subarray(at, at + 60)) === view.getUint32(at + 60, true);
    const version = view.getUint32(at + 4, true);
    if (isValid && version > VERSION) throw new UnsupportedFormatError(path, version, VERSION);
    slots.push(isValid ? decode(view, at) : undefined);
  }
  return slots;
}

export function encodeSlot(slot: Slot): Uint8Array {
  const bytes = new Uint8Array(POSITION_SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  const { owner, sequence, generation, nextId, time, written, mark } = slot;
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setBigUint64(8, BigInt(owner), true);
  view.setUint32(16, sequence, true);
  view.setUint32(20, generation, true);
  view.setBigUint64(24, BigInt(nextId), true);
  view.setBigUint64(32, BigInt(time), true);
  view.setBigUint64(40, BigInt(written), true);
  if (mark !== undefined) {
    view.setUint32(48, mark.salt, true);
    view.setUint32(52, mark.nonce, true);
    view.setUint32(56, mark.sequence, true);
  }
  view.setUint32(60, core.crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/** The position in the slots of one or several files: the greatest by (generation, next id). */
export function positionOf(slots: readonly (Slot | undefined)[]): StoredPosition | undefined {
  let best: Slot | undefined;
  for (const slot of slots) if (slot !== undefined && isAfter(slot, best)) best = slot;
  if (best === undefined || best.generation === 0) return undefined;
  const { nextId, time, mark, generation } = best;
  const earlier = slots.filter((slot) =>
    slot !== undefined && slot.mark !== undefined && slot.nextId < nextId
  ) as Slot[];
  earlier.sort((a, b) => b.nextId - a.nextId);
  return { nextId, time, mark, generation, earlier };
}

/** The position in a cursor file, and the offsets of slots that are neither valid nor empty. */
export function inspectPositions(
  bytes: Uint8Array,
  path: string,
): { position: StoredPosition | undefined; damagedAt: number[] } {
  const slots = decodeSlots(bytes, path);
  const isEmpty = (at: number) => bytes.subarray(at, at + POSITION_SLOT_BYTES).every((byte) => byte === 0);
  const offsets = slots.map((_, index) => index * POSITION_SLOT_BYTES);
  const damagedAt = offsets.filter((at, index) => slots[index] === undefined && !isEmpty(at));
  return { position: positionOf(slots), damagedAt };
}

type Order = Pick<StoredPosition, "generation" | "nextId">;

/** Whether a position replaces another one, or none. */
export function isAfter(one: Order, other: Order | undefined): boolean {
  return other === undefined || one.generation > other.generation ||
    (one.generation === other.generation && one.nextId > other.nextId);
}

function decode(view: DataView, at: number): Slot {
  const mark = {
    salt: view.getUint32(at + 48, true),
    nonce: view.getUint32(at + 52, true),
    sequence: view.getUint32(at + 56, true),
  };
  return {
    owner: readUint64(view, at + 8),
    sequence: view.getUint32(at + 16, true),
    generation: view.getUint32(at + 20, true),
    nextId: readUint64(view, at + 24),
    time: readUint64(view, at + 32),
    written: readUint64(view, at + 40),
    mark: mark.salt === 0 && mark.nonce === 0 && mark.sequence === 0 ? undefined : mark,
  };
}
