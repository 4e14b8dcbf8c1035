import { assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../../src/errors.ts";
import { readAllAt } from "../../../src/log/check/repair_frame.ts";
import { copyFile } from "../../../src/log/check/repair_segment.ts";
import { giveUpData, writeRecords } from "../../../src/log/check/repair_frame.ts";
import { Pace } from "../../../src/log/check/pace.ts";
import { DATA_LOST_MARK, FLAG, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { damagedBlocks, headDamage } from "../../../src/log/segment/frame_check.ts";
import { step } from "../../../src/log/segment/frame_scanner.ts";
import { readWindow } from "../../../src/log/segment/window.ts";
import { type Storage, type StorageFile, writeAllAt } from "../../../src/storage/port.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import { test } from "../../harness.ts";
import { CraftedSegment, type FramePart, noise } from "../segment/crafted_segment.ts";

const CONTENT = new Uint8Array(2500).map((_, index) => index * 7);

/** A storage whose calls read and write a few bytes at a time, and whose open files are counted. */
function slow(step: number): { storage: Storage; open: () => number; synced: string[] } {
  const storage = new SimulatedProcess(new SimulatedDisk(1));
  const openFile = storage.open.bind(storage);
  const synced: string[] = [];
  let open = 0;
  storage.open = (path, mode) => {
    const file = openFile(path, mode);
    open++;
    const few = (call: "append" | "readAt" | "writeAt") => {
      const original = file[call].bind(file) as (bytes: Uint8Array, offset: number) => number;
      Object.assign(file, {
        [call]: (bytes: Uint8Array, offset: number) => original(bytes.subarray(0, step), offset),
      });
    };
    few("append");
    few("readAt");
    few("writeAt");
    file.close = () => void open--;
    file.syncNow = () => void synced.push(`${path} ${storage.stat(path)!.bytes}`);
    return file;
  };
  return { storage, open: () => open, synced };
}

test("copyFile() copies a whole file, however few bytes a call takes, and syncs it", () => {
  for (const bytes of [1, 999, 1 << 21]) {
    const { storage, open, synced } = slow(bytes);
    storage.publish("/from", CONTENT.subarray(0, bytes === 1 ? 50 : 2500));
    storage.publish("/to", noise(9000));
    copyFile(storage, "/from", "/to");
    assertEquals(storage.readWhole("/to"), storage.readWhole("/from"));
    assertEquals([open(), synced], [0, [`/to ${storage.stat("/from")!.bytes}`]]);
    storage.publish("/empty", new Uint8Array(0));
    copyFile(storage, "/empty", "/to");
    assertEquals(storage.readWhole("/to"), new Uint8Array(0));
  }
});

test("copyFile() closes both files when it fails", () => {
  const { storage, open } = slow(0);
  storage.publish("/from", CONTENT);
  const openFile = storage.open;
  storage.open = (path, mode) =>
    Object.assign(openFile(path, mode), { readAt: (into: Uint8Array) => into.length });
  assertThrows(() => copyFile(storage, "/from", "/to"), StorageError, "takes no more bytes");
  assertEquals(open(), 0);
});

test("pieces are read and written completely, or fail with an error", () => {
  const { storage } = slow(3);
  storage.publish("/f", new Uint8Array(10));
  const file = storage.open("/f", "update");
  writeAllAt(file, new Uint8Array([1, 2, 3, 4, 5]), 2);
  assertEquals(readAllAt(file, 10, 0), new Uint8Array([0, 0, 1, 2, 3, 4, 5, 0, 0, 0]));
  assertEquals(readAllAt(file, 4, 3), new Uint8Array([2, 3, 4, 5]));
  assertThrows(() => readAllAt(file, 4, 7), StorageError, 'Cannot read "/f": it ends before byte 11');
  writeAllAt(file, new Uint8Array([9, 8, 7, 6]), 10);
  assertEquals(readAllAt(file, 5, 9), new Uint8Array([0, 9, 8, 7, 6]));
  const full = slow(0).storage;
  full.publish("/f", new Uint8Array(10));
  assertThrows(() => writeAllAt(full.open("/f", "update"), new Uint8Array(1), 0), StorageError, "make room");
});

/** A frame, and its file to change. */
function frameOf(part: FramePart) {
  const crafted = new CraftedSegment([{ count: 2 }, part, {}]);
  const copy: StorageFile = crafted.storage.open(crafted.segment.path, "update");
  const at = () => {
    readWindow.clear();
    const found = step(crafted.segment, crafted.offsets[1], RECORD_BYTES);
    if (found.kind !== "frame") throw new Error(found.kind);
    return { segment: crafted.segment, offset: found.offset, frame: found.frame, damaged: found.damaged };
  };
  return { crafted, copy, at };
}

test("writeRecords() restores both records of a frame from the intact one", () => {
  for (const damaged of [["header"], ["trailer"], ["header magic"], ["trailer magic"], []] as const) {
    const { crafted, copy, at } = frameOf({ count: 3, damaged });
    writeRecords(copy, at());
    assertEquals(at().damaged, undefined);
    const whole = frameOf({ count: 3 }).crafted;
    assertEquals(
      crafted.storage.readWhole(crafted.segment.path),
      whole.storage.readWhole(whole.segment.path),
    );
    writeRecords(copy, at(), (record) => record.setUint8(5, FLAG.ascii));
    assertEquals([at().frame.flags, at().damaged], [FLAG.ascii, undefined]);
  }
});

test("giveUpData() marks the events, and blanks damaged blocks only", () => {
  const data = noise(70_000);
  const { copy, at } = frameOf({ count: 4, data, damaged: ["data"] });
  assertEquals(damagedBlocks(at()), [0]);
  giveUpData(copy, at(), { first: 1, end: 3 });
  const { offset, frame } = at();
  assertEquals(frame.flags, FLAG.hasData | FLAG.dataLost);
  assertEquals([headDamage(at()), damagedBlocks(at()), at().damaged], [undefined, [], undefined]);
  const table = new DataView(readAllAt(copy, 32, offset + frame.layout.table).buffer);
  const entries = [0, 4, 8, 12, 16, 20, 24, 28].map((entry) => table.getUint32(entry, true));
  assertEquals(entries, [0, 70_000, DATA_LOST_MARK, 0, DATA_LOST_MARK, 0, 0, 0]);
  const bytes = readAllAt(copy, 70_000, offset + frame.layout.data);
  assertEquals(bytes.subarray(0, 65_536), new Uint8Array(65_536));
  assertEquals(bytes.subarray(65_536), data.subarray(65_536));
});

test("giveUpData() blanks a shorter last block, even without events", () => {
  const { crafted, copy, at } = frameOf({ count: 2, data: noise(70_000) });
  const before = at();
  const byte = before.offset + before.frame.layout.data + 69_999;
  writeAllAt(copy, new Uint8Array([1]), byte);
  assertEquals(damagedBlocks(at()), [1]);
  giveUpData(copy, at(), { first: 0, end: 0 });
  assertEquals([at().frame.flags, damagedBlocks(at()), headDamage(at())], [FLAG.hasData, [], undefined]);
  assertEquals(readAllAt(copy, 4464, byte - 4463), new Uint8Array(4464));
  assertEquals(readAllAt(copy, 1, byte - 4464), new Uint8Array([0xee]));
  assertEquals(crafted.reopened(), ["0: id 0", "1: id 2", "2: id 4", "3: tail 5"]);
});

test("giveUpData() marks an event with data in chunks", () => {
  const { copy, at } = frameOf({ extents: [{ part: 0, bytes: 5 }] });
  giveUpData(copy, at(), { first: 0, end: 1 });
  const { offset, frame } = at();
  assertEquals([frame.flags, headDamage(at())], [FLAG.dataLost, undefined]);
  const [entry] = new Uint32Array(readAllAt(copy, 4, offset + frame.layout.table).buffer);
  assertEquals(entry, DATA_LOST_MARK);
});

test("a pacer reports what was read, and pauses after 32 MiB", async () => {
  const done: [number, number][] = [];
  const pace = new Pace({ progress: ({ bytes, events }) => done.push([bytes, events]) });
  const mib = 1 << 20;
  assertEquals(pace.read(31 * mib, 5), undefined);
  assertEquals(pace.read(mib - 1), undefined);
  const rest = pace.read(1, 2);
  assertEquals(rest instanceof Promise, true);
  await rest;
  assertEquals(pace.read(31 * mib), undefined);
  assertEquals(done, [[31 * mib, 5], [mib - 1, 0], [1, 2], [31 * mib, 0]]);
  const controller = new AbortController();
  const aborted = new Pace({ signal: controller.signal });
  const resting = aborted.read(40 * mib);
  controller.abort(new Error("no more"));
  let reason: unknown;
  await (resting as Promise<void>).catch((error) => reason = error);
  assertEquals((reason as Error).message, "no more");
});
