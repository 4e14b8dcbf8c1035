// How long work rests, reports and ends, and what is said about stored positions.
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Pace } from "../../../src/log/check/pace.ts";
import { clearPosition } from "../../../src/log/check/repair.ts";
import { verifyPosition } from "../../../src/log/check/verify.ts";
import { encodeSlot, POSITION_SLOT_BYTES } from "../../../src/log/positions/position_slot.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import { test } from "../../harness.ts";

test("after each 32 MiB the event loop gets a turn", async () => {
  const pace = new Pace({});
  const mib = 1 << 20;
  assertStrictEquals(pace.read(32 * mib - 1), undefined);
  const rest = pace.read(1);
  let isTurn = false;
  setTimeout(() => isTurn = true, 0);
  await rest;
  await pace.rest();
  assertEquals([rest instanceof Promise, isTurn], [true, true]);
  assertStrictEquals(pace.read(32 * mib - 1), undefined);
  await pace.read(5);
  assertStrictEquals(pace.read(1), undefined);
});

test("work that is aborted ends in the next turn with the reason, and reports until then", async () => {
  const abort = new AbortController();
  const done: unknown[] = [];
  const pace = new Pace({ signal: abort.signal, progress: (more) => done.push(more) });
  pace.read(5, 2);
  pace.read(7);
  assertEquals(done, [{ bytes: 5, events: 2 }, { bytes: 7, events: 0 }]);
  const rest = pace.rest();
  abort.abort(new Error("enough"));
  await assertRejects(() => rest, Error, "enough");
});

/** A slot that says this position. */
function slot(generation: number, nextId: number): Uint8Array {
  return encodeSlot({ owner: 1, sequence: 1, generation, nextId, time: 0, written: 0 });
}

/** Slots, one after another. */
function fileOf(...slots: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(slots.length * POSITION_SLOT_BYTES);
  slots.forEach((slot, index) => bytes.set(slot, index * POSITION_SLOT_BYTES));
  return bytes;
}

const WRONG = new Uint8Array(POSITION_SLOT_BYTES).fill(7);
const EMPTY = new Uint8Array(POSITION_SLOT_BYTES);

/** A disk with these cursor files. */
function storageWith(files: Record<string, Uint8Array>): SimulatedProcess {
  const storage = new SimulatedProcess(new SimulatedDisk(1));
  storage.makeDirectory("/c");
  for (const [name, bytes] of Object.entries(files)) storage.publish(`/c/${name}`, bytes);
  return storage;
}

test("damaged slots of a position are named, with what the intact ones of all its files say", () => {
  const rest = "a slot of the stored position is damaged,";
  const cases: [files: Record<string, Uint8Array>, found: string[]][] = [
    [{}, []],
    [{ "1.pos": fileOf(slot(1, 5), EMPTY) }, []],
    [{ "1.pos": fileOf(slot(1, 5), WRONG) }, [
      `redundant 5 to 5 at 1.pos 64: ${rest} the position is 5 by the intact slots`,
    ]],
    [{ "1.pos": fileOf(WRONG, EMPTY) }, [`damage 0 to 0 at 1.pos 0: ${rest} and no other slot holds one`]],
    [{ "1.pos": fileOf(WRONG), "1.0123abcd.pos": fileOf(slot(2, 4)), "2.pos": fileOf(slot(3, 99)) }, [
      `redundant 4 to 4 at 1.pos 0: ${rest} the position is 4 by the intact slots`,
    ]],
    [{ "1.pos": fileOf(slot(2, 4), WRONG), "1.0123abcd.pos": fileOf(slot(1, 9)) }, [
      `redundant 4 to 4 at 1.pos 64: ${rest} the position is 4 by the intact slots`,
    ]],
    [{ "1.pos": fileOf(slot(2, 4), WRONG), "1.0123abcd.pos": fileOf(slot(2, 9)) }, [
      `redundant 9 to 9 at 1.pos 64: ${rest} the position is 9 by the intact slots`,
    ]],
  ];
  for (const [files, expected] of cases) {
    const found = verifyPosition(storageWith(files), "/c/1.pos", 3).map((finding) => {
      const { severity, kind, partition, firstId, endId, file, offset, reason } = finding;
      assertEquals([kind, partition], ["position", 3]);
      return `${severity} ${firstId} to ${endId} at ${file.slice(3)} ${offset}: ${reason}`;
    });
    assertEquals(found, expected);
  }
});

test("nothing is wrong with a file of positions that is removed after it was listed", () => {
  const storage = storageWith({ "1.pos": fileOf(WRONG) });
  storage.readWhole = () => undefined;
  assertEquals(verifyPosition(storage, "/c/1.pos", 3), []);
});

test("damaged slots are blanked in place, with a copy of the file as it was", () => {
  const content = fileOf(slot(1, 5), WRONG, slot(1, 6), WRONG);
  const storage = storageWith({ "1.pos": content });
  const steps: string[] = [];
  const open = storage.open.bind(storage);
  storage.open = (path, mode) => {
    const file = open(path, mode);
    if (mode !== "update" || path !== "/c/1.pos") return file;
    const { syncNow, close } = file;
    file.syncNow = () => {
      steps.push("sync");
      syncNow.call(file);
    };
    file.close = () => {
      steps.push("close");
      close.call(file);
    };
    return file;
  };
  clearPosition(storage, "/c/1.pos", (path) => `${path}.kept`);
  assertEquals(storage.readWhole("/c/1.pos"), fileOf(slot(1, 5), EMPTY, slot(1, 6), EMPTY));
  assertEquals(storage.readWhole("/c/1.pos.kept"), content);
  assertEquals(steps, ["sync", "close"]);
});
