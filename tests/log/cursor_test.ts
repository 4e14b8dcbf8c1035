// The file that holds a consumer's position: two slots written in turn, so that a half-written one harms nothing.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError, UnsupportedFormatError } from "../../mod.ts";
import { CursorFile, inspectPositions, POSITION_SLOT_BYTES } from "../../src/log/cursor.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { changedStorage } from "./port_wrapper.ts";

const PAIRS = 32;

/** A file of its own, and a clock that the test sets. */
function inFolder(body: (place: { path: string; clock: { now: number }; storage: Storage }) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-cursor-"));
  const clock = { now: 1_000_000 };
  try {
    body({ path: `${folder}/position.pos`, clock, storage: { ...nodeStorage, now: () => clock.now } });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Offsets of the slots that hold something. */
function usedSlots(path: string): number[] {
  const bytes = readFileSync(path);
  return Array.from({ length: 2 * PAIRS }, (_, index) => index)
    .filter((index) =>
      bytes.subarray(index * POSITION_SLOT_BYTES, (index + 1) * POSITION_SLOT_BYTES).some(Boolean)
    );
}

test("a position that was never stored is undefined, and its file is made when one is", () =>
  inFolder(({ path, storage }) => {
    let prepared = 0;
    const cursor = new CursorFile(storage, path, { prepare: () => void prepared++ });
    assertStrictEquals(cursor.read(), undefined);
    assertEquals(prepared, 0);
    cursor.acknowledge(5, 77);
    cursor.acknowledge(6, 78);
    assertEquals(prepared, 1);
    const { nextId, time, generation } = cursor.read()!;
    assertEquals({ nextId, time, generation }, { nextId: 6, time: 78, generation: 1 });
    // At its full size, so that no later one needs room on the disk.
    assertEquals(readFileSync(path).byteLength, 2 * PAIRS * POSITION_SLOT_BYTES);
    cursor.close();
  }));

test("acknowledging never moves back, seeking does, and an older acknowledgement does not undo it", () =>
  inFolder(({ path, storage }) => {
    const [one, other] = [new CursorFile(storage, path), new CursorFile(storage, path)];
    one.acknowledge(10, 1);
    one.acknowledge(10, 2);
    one.acknowledge(9, 3);
    assertEquals([one.read()!.nextId, one.read()!.time], [10, 1]);
    other.seek(3, 0);
    assertEquals([one.read()!.nextId, one.read()!.generation], [3, 2]);
    one.acknowledge(2, 1);
    assertEquals(other.read()!.nextId, 3);
    one.acknowledge(4, 5);
    assertEquals([other.read()!.nextId, other.read()!.time, other.read()!.generation], [4, 5, 2]);
    one.close();
    other.close();
  }));

test("one writer uses two slots in turn, so that the one before is whole while the next is written", () =>
  inFolder(({ path, storage }) => {
    const cursor = new CursorFile(storage, path);
    cursor.acknowledge(1, 0);
    const [first] = usedSlots(path);
    cursor.acknowledge(2, 0);
    const pair = usedSlots(path);
    assertEquals(pair.length, 2);
    assertEquals([pair[0] % 2, pair[1] - pair[0]], [0, 1]);
    assertEquals(pair.includes(first), true);
    for (let nextId = 3; nextId < 9; nextId++) {
      cursor.acknowledge(nextId, 0);
      assertEquals(usedSlots(path), pair);
      // Whichever slot was written last is lost: the position before it stands.
      const bytes = readFileSync(path);
      const slots = pair.map((slot) => slot * POSITION_SLOT_BYTES);
      const last = slots.find((at) => bytes.readUInt32LE(at + 24) === nextId)!;
      bytes.fill(0xff, last + 30, last + 40);
      const { position, damagedAt } = inspectPositions(bytes, path);
      assertEquals([position?.nextId, damagedAt], [nextId - 1, [last]]);
    }
    cursor.close();
  }));

test("several writers have slots of their own, and one that others took over finds new ones", () =>
  inFolder(({ path, storage, clock }) => {
    const cursors = Array.from({ length: 4 }, () => new CursorFile(storage, path));
    cursors.forEach((cursor, index) => cursor.acknowledge(index + 1, 0));
    assertEquals(usedSlots(path).length, 4);
    assertEquals(new Set(usedSlots(path).map((slot) => slot >> 1)).size, 4);
    // Far more than there are pairs, over a long time: the position itself is never overwritten.
    for (let count = 0; count < 3 * PAIRS; count++) {
      clock.now += 400;
      const cursor = new CursorFile(storage, path);
      cursor.acknowledge(100 + count, 0);
      cursor.close();
      assertEquals(cursor.read()!.nextId, 100 + count);
    }
    cursors[0].acknowledge(1000, 9);
    assertEquals([cursors[1].read()!.nextId, cursors[1].read()!.time], [1000, 9]);
    for (const cursor of cursors) cursor.close();
  }));

test("a clock that was set back frees slots too", () =>
  inFolder(({ path, storage, clock }) => {
    for (let count = 0; count < PAIRS; count++) {
      const cursor = new CursorFile(storage, path);
      cursor.acknowledge(count + 1, 0);
      cursor.close();
    }
    clock.now -= 900_000;
    const late = new CursorFile(storage, path);
    late.acknowledge(500, 0);
    late.close();
    assertEquals(late.read()!.nextId, 500);
  }));

test("a position that the system stored only a part of is reported, and the one before stands", () =>
  inFolder(({ path, clock }) => {
    let isCut = false;
    const storage = changedStorage(
      (file, _, mode) =>
        mode === "update"
          ? { writeAt: (bytes, offset) => file.writeAt(isCut ? bytes.subarray(0, 20) : bytes, offset) }
          : {},
      { now: () => clock.now },
    );
    const cursor = new CursorFile(storage, path);
    cursor.acknowledge(1, 0);
    isCut = true;
    const error = assertThrows(() => cursor.acknowledge(2, 0), StorageError, "20 of 64 bytes");
    assertEquals([error.errno, error.canRetry], ["ENOSPC", true]);
    assertEquals(cursor.read()!.nextId, 1);
    isCut = false;
    cursor.acknowledge(2, 0);
    assertEquals(cursor.read()!.nextId, 2);
    cursor.close();
  }));

test("flipped bits in a slot make it invalid, whichever they are", () =>
  inFolder(({ path, storage }) => {
    const cursor = new CursorFile(storage, path);
    cursor.acknowledge(7, 1_700_000_000_000);
    cursor.close();
    const [slot] = usedSlots(path);
    const whole = readFileSync(path);
    for (let byte = 0; byte < POSITION_SLOT_BYTES; byte++) {
      const bytes = new Uint8Array(whole);
      bytes[slot * POSITION_SLOT_BYTES + byte] ^= 0x10;
      const { position, damagedAt } = inspectPositions(bytes, path);
      assertEquals([position, damagedAt], [undefined, [slot * POSITION_SLOT_BYTES]], `byte ${byte}`);
    }
    const { position, damagedAt } = inspectPositions(whole, path);
    assertEquals([position?.nextId, position?.time, damagedAt], [7, 1_700_000_000_000, []]);
    // A file that was cut short has the slots that are left.
    assertEquals(
      inspectPositions(whole.subarray(0, slot * POSITION_SLOT_BYTES + 63), path).position,
      undefined,
    );
  }));

test("positions of a newer format are refused by name", () =>
  inFolder(({ path, storage }) => {
    const cursor = new CursorFile(storage, path);
    cursor.acknowledge(7, 0);
    const [slot] = usedSlots(path);
    const bytes = readFileSync(path);
    const at = slot * POSITION_SLOT_BYTES;
    bytes.writeUInt32LE(2, at + 4);
    bytes.writeUInt32LE(crcOf(bytes.subarray(at, at + 60)), at + 60);
    writeFileSync(path, bytes);
    assertThrows(() => cursor.read(), UnsupportedFormatError, path);
    assertThrows(() => cursor.acknowledge(8, 0), UnsupportedFormatError, path);
    cursor.close();
  }));

function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A storage whose random numbers are these, one after the other. */
function scripted(storage: Storage, numbers: number[]): Storage {
  return { ...storage, random32: () => numbers.shift() ?? 0 };
}

/** A cursor with an owner of its own that takes the `draw`-th pair of those that are free. */
function cursorOf(storage: Storage, path: string, owner: number, ...draws: number[]): CursorFile {
  return new CursorFile(scripted(storage, [owner, 0xfff00000 + owner, ...draws]), path);
}

/** Stores a position by a writer of its own, which ends then. */
function storeBy(storage: Storage, path: string, owner: number, draw: number, nextId: number): void {
  const cursor = cursorOf(storage, path, owner, draw);
  cursor.acknowledge(nextId, 0);
  cursor.close();
}

function slotOf(path: string, slot: number): DataView {
  const { buffer, byteOffset } = readFileSync(path);
  return new DataView(buffer, byteOffset + slot * POSITION_SLOT_BYTES, POSITION_SLOT_BYTES);
}

test("a slot has its magic, version, owner, sequence, generation, id, time and time of writing", () =>
  inFolder(({ path, storage }) => {
    const cursor = cursorOf(storage, path, 3, 5);
    cursor.seek(9, 1_700_000_000_123);
    cursor.acknowledge(10, 1_700_000_000_124);
    assertEquals(usedSlots(path), [10, 11]);
    for (const [slot, sequence, nextId, time] of [[10, 1, 9, 123], [11, 2, 10, 124]]) {
      const view = slotOf(path, slot);
      assertEquals(new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset, 4)), "DSCU");
      assertEquals(view.getUint32(4, true), 1);
      // 52 bits of two random numbers.
      assertEquals(view.getBigUint64(8, true), 3n * 2n ** 20n + 3n);
      assertEquals([view.getUint32(16, true), view.getUint32(20, true)], [sequence, 1]);
      assertEquals([view.getBigUint64(24, true), view.getBigUint64(40, true)], [BigInt(nextId), 1_000_000n]);
      assertEquals(view.getBigUint64(32, true), 1_700_000_000_000n + BigInt(time));
    }
    cursor.close();
  }));

test("a pair that was written within ten seconds is nobody else's, nor is the one with the position", () =>
  inFolder(({ path, storage, clock }) => {
    storeBy(storage, path, 1, 5, 1);
    assertEquals(usedSlots(path), [10]);
    clock.now += 10_000;
    // 31 are free, without the fifth.
    storeBy(storage, path, 2, 5, 2);
    assertEquals(usedSlots(path), [10, 12]);
    clock.now += 1;
    storeBy(storage, path, 3, 5, 3);
    assertEquals(slotOf(path, 10).getUint32(24, true), 3);
    // However old the position is, its pair stays.
    clock.now += 1_000_000;
    storeBy(storage, path, 4, 5, 4);
    assertEquals([slotOf(path, 10).getUint32(24, true), slotOf(path, 12).getUint32(24, true)], [3, 4]);
  }));

test("where every pair was written lately, the oldest is taken", () =>
  inFolder(({ path, storage, clock }) => {
    for (let count = 0; count < PAIRS; count++) {
      clock.now += 10;
      // Always the last one that is free.
      storeBy(storage, path, count + 1, PAIRS - 1 - count, count + 1);
    }
    assertEquals(usedSlots(path).length, PAIRS);
    storeBy(storage, path, 100, 7, 1000);
    assertEquals(slotOf(path, 2 * (PAIRS - 1)).getUint32(24, true), 1000);
    clock.now += 10;
    storeBy(storage, path, 101, 7, 1001);
    assertEquals(slotOf(path, 2 * (PAIRS - 2)).getUint32(24, true), 1001);
  }));

test("a writer stays with its pair for as long as one of the two slots is its own, then takes another", () =>
  inFolder(({ path, storage, clock }) => {
    const early = cursorOf(storage, path, 1, 0, 3);
    early.acknowledge(1, 0);
    early.acknowledge(2, 0);
    storeBy(storage, path, 2, 9, 3);
    clock.now += 20_000;
    const late = cursorOf(storage, path, 3, 0);
    late.acknowledge(4, 0);
    assertEquals([slotOf(path, 0), slotOf(path, 1)].map((view) => view.getUint32(24, true)), [4, 2]);
    // Its third one goes where the first was, which is another's now.
    early.acknowledge(5, 0);
    assertEquals([slotOf(path, 0), slotOf(path, 1)].map((view) => view.getUint32(24, true)), [5, 2]);
    // Neither slot is its own any more: the first pair that is free, and not that of the position.
    late.acknowledge(6, 0);
    assertEquals([slotOf(path, 0), slotOf(path, 1)].map((view) => view.getUint32(24, true)), [5, 2]);
    assertEquals(usedSlots(path), [0, 1, 3, 20]);
    assertEquals(early.read()!.nextId, 6);
    early.close();
    late.close();
  }));

test("a cursor that was closed opens its file again", () =>
  inFolder(({ path, storage }) => {
    const cursor = new CursorFile(storage, path);
    cursor.acknowledge(1, 0);
    cursor.close();
    cursor.acknowledge(2, 0);
    cursor.close();
    cursor.close();
    assertEquals(cursor.read()!.nextId, 2);
  }));
