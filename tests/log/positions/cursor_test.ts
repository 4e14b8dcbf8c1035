// The stored position of a consumer: one file per consumer of the name, with two slots each, written
// alternately.
import {
  assert,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StorageError, UnsupportedFormatError } from "../../../mod.ts";
import { CursorFile } from "../../../src/log/positions/cursor.ts";
import { CURSOR_FILE_BYTES } from "../../../src/log/positions/cursor_files.ts";
import {
  encodeSlot,
  type FrameMark,
  inspectPositions,
  POSITION_SLOT_BYTES,
  type Slot,
} from "../../../src/log/positions/position_slot.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { memoryFolder } from "../../memory_folder.ts";
import { interrupted, Killed } from "../interrupted_storage.ts";
import { changedStorage, keptAs } from "../port_wrapper.ts";

interface Place {
  folder: string;
  path: string;
  clock: { now: number };
  storage: Storage;
}

/** A separate folder, and a clock that the test sets. */
function inFolder(body: (place: Place) => void): void {
  const folder = mkdtempSync(join(memoryFolder, "diaspora-cursor-"));
  const clock = { now: 1_000_000 };
  try {
    const storage = { ...nodeStorage, now: () => clock.now };
    body({ folder, path: `${folder}/00000000.pos`, clock, storage });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Offsets of the slots of a file that are not empty. */
function usedSlots(path: string): number[] {
  const bytes = readFileSync(path);
  return [0, 1, 2, 3].filter((index) => bytes.subarray(index * 64, index * 64 + 64).some(Boolean));
}

function acknowledged(storage: Storage, path: string, nextId: number): CursorFile {
  const cursor = new CursorFile(storage, path);
  cursor.acknowledge({ nextId, time: 0 });
  return cursor;
}

function mark(salt: number, sequence = 1): FrameMark {
  return { salt, nonce: 7, sequence };
}

test("a position that was never stored is undefined, and its file is created by the first store", () =>
  inFolder(({ path, storage }) => {
    let prepared = 0;
    const cursor = new CursorFile(storage, path, { prepare: () => prepared++ });
    assertStrictEquals(cursor.read(), undefined);
    assertEquals(prepared, 0);
    cursor.acknowledge({ nextId: 5, time: 77 });
    cursor.acknowledge({ nextId: 6, time: 78, mark: mark(3, 9) });
    assertEquals(prepared, 1);
    const { nextId, time, generation, mark: stored } = cursor.read()!;
    assertEquals({ nextId, time, generation, stored }, {
      nextId: 6,
      time: 78,
      generation: 1,
      stored: { salt: 3, nonce: 7, sequence: 9 },
    });
    // At its full size, so that later ones need no more space on the disk.
    assertEquals(readFileSync(path).byteLength, CURSOR_FILE_BYTES);
    cursor.close();
    assertEquals(new CursorFile(storage, path).read()!.nextId, 6);
  }));

test("acknowledging never moves a position back, seeking does, and an older acknowledgement does not undo a seek", () =>
  inFolder(({ path, storage }) => {
    const [one, other] = [new CursorFile(storage, path), new CursorFile(storage, path)];
    one.acknowledge({ nextId: 10, time: 1 });
    one.acknowledge({ nextId: 10, time: 2 });
    one.acknowledge({ nextId: 9, time: 3 });
    assertEquals([one.read()!.nextId, one.read()!.time], [10, 1]);
    other.seek({ nextId: 3, time: 0 });
    assertEquals([one.read()!.nextId, one.read()!.generation], [3, 5]);
    one.acknowledge({ nextId: 2, time: 1 });
    assertEquals(other.read()!.nextId, 3);
    one.acknowledge({ nextId: 4, time: 5 });
    assertEquals([other.read()!.nextId, other.read()!.time, other.read()!.generation], [4, 5, 5]);
    one.close();
    other.close();
  }));

test("an acknowledgement that replaces a stale position starts a new generation", () =>
  inFolder(({ path, storage }) => {
    acknowledged(storage, path, 100).close();
    const [one, other] = [new CursorFile(storage, path), new CursorFile(storage, path)];
    const stale = one.read()!;
    one.acknowledge({ nextId: 60, time: 0 }, stale);
    assertEquals([one.read()!.nextId, one.read()!.generation], [60, 2]);
    // Another one that also saw the stale position does not go back.
    other.acknowledge({ nextId: 55, time: 0 }, stale);
    assertEquals(one.read()!.nextId, 60);
    other.acknowledge({ nextId: 70, time: 0 }, stale);
    one.acknowledge({ nextId: 65, time: 0 }, stale);
    assertEquals([one.read()!.nextId, one.read()!.generation], [70, 2]);
    one.close();
    other.close();
  }));

test("a consumer alternates two slots, so that the previous one is intact while the next is written", () =>
  inFolder(({ path, storage }) => {
    const cursor = acknowledged(storage, path, 1);
    for (let nextId = 2; nextId < 9; nextId++) {
      cursor.acknowledge({ nextId, time: 0 });
      assertEquals(usedSlots(path), [0, 1]);
      // If the slot that was written last is lost, the position before it remains.
      const bytes = readFileSync(path);
      const last = [0, 64].find((at) => bytes.readUInt32LE(at + 24) === nextId)!;
      bytes.fill(0xff, last + 30, last + 40);
      const { position, damagedAt } = inspectPositions(bytes, path);
      assertEquals([position?.nextId, damagedAt], [nextId - 1, [last]]);
    }
    cursor.close();
    assertEquals(cursor.read()!.nextId, 8);
  }));

test("earlier positions are known, including the last one of the previous segment", () =>
  inFolder(({ path, storage }) => {
    const cursor = new CursorFile(storage, path);
    for (const [nextId, salt] of [[5, 1], [9, 1], [12, 2], [15, 2], [18, 2]]) {
      cursor.acknowledge({ nextId, time: 0, mark: mark(salt) });
    }
    const earlierOf = () => cursor.read()!.earlier!.map(({ nextId, mark }) => [nextId, mark?.salt]);
    assertEquals(earlierOf(), [[15, 2], [9, 1]]);
    cursor.close();
    // The next consumer takes them over.
    const next = new CursorFile(storage, path);
    next.acknowledge({ nextId: 20, time: 0, mark: mark(2) });
    rmSync(path);
    assertEquals(earlierOf(), [[18, 2], [9, 1]]);
    next.close();
  }));

test("each consumer of a name has its own file, which no other overwrites", () =>
  inFolder(({ folder, path, storage }) => {
    const cursors = [3, 1, 4, 2].map((nextId) => acknowledged(storage, path, nextId));
    // Only a consumer with nothing new to store does not need one.
    assertEquals(readdirSync(folder).length, 2);
    cursors.forEach((cursor, index) => cursor.acknowledge({ nextId: 10 + index, time: 0 }));
    assertEquals(readdirSync(folder).length, 4);
    assertEquals(cursors[0].read()!.nextId, 13);
    cursors.reverse().forEach((cursor) => cursor.close());
    assertEquals(cursors[0].read()!.nextId, 13);
  }));

test("files of ended consumers are merged, and their positions kept", () =>
  inFolder(({ folder, path, storage, clock }) => {
    const first = acknowledged(storage, path, 1);
    for (let count = 0; count < 50; count++) {
      const cursor = acknowledged(storage, path, 100 + count);
      // Every third one is killed.
      if (count % 3 > 0) cursor.close();
      clock.now += 3000;
      assertEquals(first.read()!.nextId, 100 + count);
      assertLessOrEqual(readdirSync(folder).length, 12);
    }
    // It was considered gone, too; nevertheless its next acknowledgement counts.
    first.acknowledge({ nextId: 1000, time: 0 });
    assertEquals(new CursorFile(storage, path).read()!.nextId, 1000);
    first.close();
  }));

test("a clock step harms no position", () =>
  inFolder(({ path, storage, clock }) => {
    const cursors: CursorFile[] = [];
    for (let count = 0; count < 30; count++) {
      clock.now += [-900_000, 900_000, 10][count % 3];
      cursors.push(acknowledged(storage, path, count + 1));
      assertEquals(cursors[0].read()!.nextId, count + 1);
    }
    for (const cursor of cursors) cursor.close();
  }));

test("a file shared by several consumers of earlier versions is read, and taken over once it is idle", () =>
  inFolder(({ folder, path, storage, clock }) => {
    const bytes = new Uint8Array(64 * POSITION_SLOT_BYTES);
    const slot: Slot = { owner: 5, sequence: 1, generation: 3, nextId: 40, time: 9, written: clock.now };
    bytes.set(encodeSlot(slot), 3 * POSITION_SLOT_BYTES);
    bytes.set(encodeSlot({ ...slot, owner: 6, nextId: 39 }), 20 * POSITION_SLOT_BYTES);
    writeFileSync(path, bytes);
    const cursor = new CursorFile(storage, path);
    const { nextId, generation, time, mark } = cursor.read()!;
    assertEquals([nextId, generation, time, mark], [40, 3, 9, undefined]);
    cursor.acknowledge({ nextId: 39, time: 0 });
    assertEquals(readdirSync(folder), ["00000000.pos"]);
    cursor.acknowledge({ nextId: 41, time: 0 });
    assertEquals([cursor.read()!.nextId, cursor.read()!.generation], [41, 3]);
    assertEquals(new Uint8Array(readFileSync(path)), bytes);
    cursor.close();
    clock.now += 60_000;
    for (let nextId = 42; nextId < 60; nextId++) acknowledged(storage, path, nextId).close();
    assertEquals(cursor.read()!.nextId, 59);
    assertEquals(inspectPositions(readFileSync(path), path).position?.nextId !== 40, true);
  }));

test("a partly written position is reported, and the previous one is kept", () =>
  inFolder(({ path, clock }) => {
    let isCut = false;
    const storage = changedStorage(
      (file, _, mode) =>
        mode === "update"
          ? { writeAt: (bytes, offset) => file.writeAt(isCut ? bytes.subarray(0, 20) : bytes, offset) }
          : {},
      { now: () => clock.now },
    );
    const cursor = acknowledged(storage, path, 1);
    isCut = true;
    const error = assertThrows(
      () => cursor.acknowledge({ nextId: 2, time: 0 }),
      StorageError,
      "20 of 64 bytes",
    );
    assertEquals([error.errno, error.canRetry], ["ENOSPC", true]);
    assertEquals(cursor.read()!.nextId, 1);
    isCut = false;
    cursor.acknowledge({ nextId: 2, time: 0 });
    assertEquals(cursor.read()!.nextId, 2);
    cursor.close();
  }));

test("any flipped bit in a slot makes it invalid", () =>
  inFolder(({ path, storage }) => {
    const cursor = new CursorFile(storage, path);
    cursor.acknowledge({ nextId: 7, time: 1_700_000_000_000, mark: mark(5) });
    const whole = readFileSync(path);
    for (let byte = 0; byte < POSITION_SLOT_BYTES; byte++) {
      const bytes = new Uint8Array(whole);
      bytes[byte] ^= 0x10;
      const { position, damagedAt } = inspectPositions(bytes, path);
      assertEquals([position, damagedAt], [undefined, [0]], `byte ${byte}`);
    }
    const { position, damagedAt } = inspectPositions(whole, path);
    assertEquals([position?.nextId, position?.time, damagedAt], [7, 1_700_000_000_000, []]);
    // A truncated file still has the remaining slots.
    assertEquals(inspectPositions(whole.subarray(0, 63), path).position, undefined);
    cursor.close();
  }));

test("positions of a newer format are refused by name", () =>
  inFolder(({ path, storage }) => {
    acknowledged(storage, path, 7).close();
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(2, 4);
    bytes.writeUInt32LE(crcOf(bytes.subarray(0, 60)), 60);
    writeFileSync(path, bytes);
    assertThrows(() => new CursorFile(storage, path).read(), UnsupportedFormatError, path);
    assertThrows(() => acknowledged(storage, path, 8), UnsupportedFormatError, path);
  }));

/**
 * What two consumers of one name do at the same time: one is stopped at each of its calls while the other
 * works.
 */
const STORIES: [what: string, stopped: (cursor: CursorFile) => void, other: (cursor: CursorFile) => void][] =
  [
    ["acknowledges", (cursor) => cursor.acknowledge({ nextId: 60, time: 0 }), (cursor) => {
      cursor.acknowledge({ nextId: 55, time: 0 });
    }],
    ["acknowledges first", (cursor) => cursor.acknowledge({ nextId: 55, time: 0 }), (cursor) => {
      cursor.acknowledge({ nextId: 60, time: 0 });
    }],
    ["acknowledges twice", (cursor) => {
      cursor.acknowledge({ nextId: 54, time: 0 });
      cursor.acknowledge({ nextId: 60, time: 0 });
    }, (cursor) => cursor.acknowledge({ nextId: 55, time: 0 })],
  ];

for (const [what, stopped, other] of STORIES) {
  for (const isOpen of [false, true]) {
    for (const isIdle of [false, true]) {
      test(
        `a consumer that is stopped anywhere while it ${what} loses no acknowledgement of another (${
          isOpen ? "open before" : "just opened"
        }, ${isIdle ? "after long" : "at once"})`,
        () => {
          for (let stop = 0, isDone = false; !isDone; stop++) {
            assertLess(stop, 100);
            inFolder(({ path, storage, clock }) => {
              // There are enough files of others to be merged.
              for (let nextId = 1; nextId <= 5; nextId++) acknowledged(storage, path, nextId);
              const second = acknowledged(storage, path, 50);
              let at = -1;
              const first = new CursorFile(
                interruptedFiles(storage, () => {
                  if (at < 0 || at++ !== stop) return;
                  if (isIdle) clock.now += 60_000;
                  other(second);
                  // It is considered gone, and merged into the file of the first one.
                  if (isIdle) clock.now += 60_000;
                  assert(second.read()!.nextId >= 55, "the other one's is not there");
                }),
                path,
              );
              if (isOpen) first.acknowledge({ nextId: 51, time: 0 });
              at = 0;
              stopped(first);
              isDone = at <= stop;
              // After the first one's last call, the other one no longer acts.
              const alone = what === "acknowledges first" ? 55 : 60;
              assertEquals(new CursorFile(storage, path).read()!.nextId, isDone ? alone : 60);
              first.close();
              second.close();
            });
          }
        },
      );
    }
  }
}

test("a seek is not undone by an acknowledgement of earlier reads, and loses nothing else", () => {
  const outcomes = new Set<number>();
  for (let stop = 0, isDone = false; !isDone; stop++) {
    assertLess(stop, 100);
    inFolder(({ path, storage }) => {
      acknowledged(storage, path, 5).close();
      const seeking = new CursorFile(storage, path);
      let at = 0;
      const cursor = new CursorFile(
        interruptedFiles(storage, () => {
          if (at++ === stop) seeking.seek({ nextId: 10, time: 0 });
        }),
        path,
      );
      cursor.acknowledge({ nextId: 60, time: 0 });
      isDone = at <= stop;
      const stored = seeking.read()!;
      // Either one came last.
      assert(isDone || stored.nextId === 10 || stored.nextId === 60, `${stored.nextId}`);
      outcomes.add(stored.nextId);
      // And what is acknowledged from then on counts.
      cursor.acknowledge({ nextId: 61, time: 0 });
      assertEquals(seeking.read()!.nextId, 61, `stopped at call ${stop}`);
      cursor.close();
      seeking.close();
    });
  }
  assertEquals([...outcomes].sort(), [10, 60]);
});

test("a position read while files are merged is never an earlier one", () => {
  for (let stop = 0, isDone = false; !isDone; stop++) {
    assertLess(stop, 100);
    inFolder(({ path, storage, clock }) => {
      for (let nextId = 1; nextId <= 5; nextId++) acknowledged(storage, path, nextId);
      clock.now += 60_000;
      let at = 0;
      const reading = new CursorFile(
        interruptedFiles(storage, () => {
          if (at++ === stop) acknowledged(storage, path, 6);
        }),
        path,
      );
      const { nextId } = reading.read()!;
      isDone = at <= stop;
      assert(nextId === 6 || nextId === 5, `stopped at call ${stop}: ${nextId}`);
    });
  }
});

test("a consumer that is killed anywhere leaves the previous position or the new one", () => {
  for (const isOpen of [false, true]) {
    const outcomes = new Set<number>();
    for (let kill = 0, isDone = false; !isDone; kill++) {
      assertLess(kill, 100);
      inFolder(({ path, storage }) => {
        for (let nextId = 1; nextId <= 5; nextId++) acknowledged(storage, path, nextId).close();
        let at = -1;
        const cursor = new CursorFile(
          interruptedFiles(storage, () => {
            if (at >= 0 && at++ >= kill) throw new Killed();
          }),
          path,
        );
        if (isOpen) cursor.acknowledge({ nextId: 6, time: 0 });
        at = 0;
        try {
          cursor.acknowledge({ nextId: 7, time: 0 });
          isDone = true;
        } catch (error) {
          assert(error instanceof Killed, String(error));
        }
        outcomes.add(new CursorFile(storage, path).read()!.nextId);
      });
    }
    assertEquals([...outcomes].sort(), [isOpen ? 6 : 5, 7]);
  }
});

/** Like `interrupted`, and also before each call on an open file. */
function interruptedFiles(storage: Storage, before: () => void): Storage {
  return interrupted({
    ...storage,
    open: (path, mode) => interrupted(storage.open(path, mode) as never, before) as never,
    publish: (path, content, options) =>
      storage.publish(path, content, keptAs(options, (file) => interrupted(file as never, before) as never)),
  }, before);
}

function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

test("a slot has its magic, version, owner, sequence, generation, id, time, time of writing and frame", () =>
  inFolder(({ path, storage }) => {
    const numbers = [3, 0xfff00002];
    const cursor = new CursorFile({ ...storage, random32: () => numbers.shift() ?? 0 }, path);
    cursor.seek({
      nextId: 9,
      time: 1_700_000_000_123,
      mark: { salt: 0xabcdef01, nonce: 0x12345678, sequence: 77 },
    });
    cursor.acknowledge({ nextId: 10, time: 1_700_000_000_124 });
    const { buffer, byteOffset } = readFileSync(path);
    for (
      const [slot, sequence, nextId, time, mark] of [[0, 0, 9, 123, true], [1, 1, 10, 124, false]] as const
    ) {
      const view = new DataView(buffer, byteOffset + slot * POSITION_SLOT_BYTES, POSITION_SLOT_BYTES);
      assertEquals(new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset, 4)), "DSCU");
      assertEquals(view.getUint32(4, true), 1);
      // 52 bits of two random numbers, and not 0.
      assertEquals(view.getBigUint64(8, true), 3n * 2n ** 20n + 3n);
      assertEquals([view.getUint32(16, true), view.getUint32(20, true)], [sequence, 4]);
      assertEquals([view.getBigUint64(24, true), view.getBigUint64(40, true)], [BigInt(nextId), 1_000_000n]);
      assertEquals(view.getBigUint64(32, true), 1_700_000_000_000n + BigInt(time));
      const frame = [48, 52, 56].map((at) => view.getUint32(at, true));
      assertEquals(frame, mark ? [0xabcdef01, 0x12345678, 77] : [0, 0, 0]);
    }
    cursor.close();
    assertEquals(readFileSync(path).readBigUInt64LE(8), 0n);
  }));

test("a file that was moved away is not this consumer's any more, though another one has its name", () =>
  inFolder(({ path, storage }) => {
    const cursor = acknowledged(storage, path, 1);
    renameSync(path, `${path}.old`);
    // Systems say to a few milliseconds when a file was made.
    storage.pause(20);
    acknowledged(storage, path, 1).close();
    assertThrows(() => cursor.acknowledge({ nextId: 2, time: 0 }), StorageError, "the file was removed");
  }));

test("a closed cursor can still store positions", () =>
  inFolder(({ path, storage }) => {
    const cursor = acknowledged(storage, path, 1);
    cursor.close();
    cursor.acknowledge({ nextId: 2, time: 0 });
    cursor.close();
    cursor.close();
    assertEquals(cursor.read()!.nextId, 2);
  }));
