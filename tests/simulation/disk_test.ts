// The simulated disk can do what real ones do: each fault separately.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StorageError } from "../../src/errors.ts";
import { test } from "../harness.ts";
import { Clock } from "./disk/clock.ts";
import { type FaultRates, SimulatedDisk } from "./disk/disk.ts";
import { SimulatedKill } from "./disk/failure.ts";
import type { Journal } from "./disk/namespace.ts";
import { SimulatedProcess } from "./disk/process.ts";

const SEEDS = 400;

/** A disk with a folder and a file in it, all synced. */
function makeDisk(seed: number): { disk: SimulatedDisk; process: SimulatedProcess } {
  const disk = new SimulatedDisk(seed);
  const process = new SimulatedProcess(disk);
  process.makeDirectory("/folder");
  process.publish("/folder/file", new Uint8Array(0));
  process.syncDirectory("/");
  process.syncDirectory("/folder");
  return { disk, process };
}

function bytes(count: number, value: number): Uint8Array {
  return new Uint8Array(count).fill(value);
}

/** The content of the file, as runs of equal bytes. */
function runsOf(disk: SimulatedDisk): string {
  const inode = disk.names.file("/folder/file");
  return String.fromCharCode(...inode.read(0, inode.size)).replace(/(.)\1*/g, "$1");
}

/** Every outcome of `story` on many disks. */
function outcomes(faults: FaultRates, story: (made: ReturnType<typeof makeDisk>) => string): Set<string> {
  const found = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const made = makeDisk(seed);
    made.disk.faults = faults;
    found.add(story(made));
  }
  return found;
}

const [A, B] = [65, 66];

test("a failed sync drops what it covered, is reported once per open file, and the next one succeeds", () => {
  const { disk, process } = makeDisk(1);
  const [one, other] = [process.open("/folder/file", "append"), process.open("/folder/file", "append")];
  one.append(bytes(100, A));
  disk.faults = { failedSync: 1 };
  assertThrows(() => one.syncNow(), StorageError, "EIO");
  disk.faults = {};
  assertThrows(() => other.syncNow(), StorageError, "EIO");
  one.syncNow();
  other.syncNow();
  process.open("/folder/file", "append").syncNow();
  assertEquals(runsOf(disk), "A");
  disk.powerCut();
  assert(!runsOf(disk).includes("A"), "what the failed sync covered came back");
});

test("a slow sync covers what was written before it started, and may fail later", async () => {
  const { disk, process } = makeDisk(1);
  const file = process.open("/folder/file", "append");
  file.append(bytes(1000, A));
  disk.faults = { slowSync: 1 };
  const sync = file.sync();
  file.append(bytes(1000, B));
  disk.syncs.finishOne();
  await sync;
  const failing = file.sync();
  disk.faults = { failedSync: 1 };
  disk.syncs.finishOne();
  await assertRejects(() => failing, StorageError, "EIO");
  disk.powerCut();
  assertEquals(runsOf(disk).replaceAll("\0", ""), "A");
});

test("one append may be two writes with another process's append between, or a partial write", () => {
  const found = outcomes({ shortWrite: 0.5 }, ({ disk, process }) => {
    const [one, other] = [new SimulatedProcess(disk), process];
    let isDone = false;
    disk.others = () => {
      if (isDone) return;
      isDone = true;
      disk.faults = {};
      other.open("/folder/file", "append").append(bytes(10, B));
    };
    const taken = one.open("/folder/file", "append").append(bytes(100, A));
    return `${runsOf(disk)} ${one.loopsOverShortWrites} ${taken === 100}`;
  });
  assert(found.has("ABA true true"));
  assert(found.has("A false false"));
  assert(!found.has("ABA false true"));
});

test("a partial append is visible, and other appends wait for it", () => {
  const found = outcomes({ halfSeen: 1 }, ({ disk, process }) => {
    const other = new SimulatedProcess(disk);
    let seen = "";
    disk.others = () => {
      disk.faults = {};
      const file = other.open("/folder/file", "append");
      seen = file.size() === 100 ? "whole" : "part";
      file.append(bytes(10, B));
    };
    process.open("/folder/file", "append").append(bytes(100, A));
    return `${seen} ${runsOf(disk)}`;
  });
  assert(found.has("part AB"));
  assertEquals([...found].filter((outcome) => !outcome.endsWith("AB")), []);
});

test("a killed process's append arrives later, between any calls, up to some byte", () => {
  const found = outcomes({ kill: 0.5 }, ({ disk, process }) => {
    const other = new SimulatedProcess(disk);
    const file = process.open.bind(process);
    assertThrows(() => {
      for (;;) file("/folder/file", "append").append(bytes(100, A));
    }, SimulatedKill);
    disk.faults = {};
    const reader = other.open("/folder/file", "append");
    const before = reader.size() % 100;
    for (let count = 0; count < 30; count++) reader.size();
    const after = reader.size() % 100;
    return before !== after ? "grew" : after === 0 ? "whole or nothing" : "part";
  });
  assertEquals([...found].sort(), ["grew", "part", "whole or nothing"]);
});

test("a listing has every entry that exists throughout, and may have those created or removed meanwhile", () => {
  const found = outcomes({ preempt: 1 }, ({ disk, process }) => {
    const other = new SimulatedProcess(disk);
    process.disk.others = () => {
      disk.others = () => {};
      disk.faults = {};
      other.publish("/folder/new", new Uint8Array(0));
      other.remove("/folder/old");
    };
    const { faults } = disk;
    disk.faults = {};
    process.publish("/folder/old", new Uint8Array(0));
    disk.faults = faults;
    const names = process.list("/folder").filter((name) => !name.endsWith(".draft"));
    assert(names.includes("file"));
    return names.sort().join(" ");
  });
  assert(found.has("file new"), [...found].join());
});

for (const journal of ["global", "directory", "none"] satisfies Journal[]) {
  test(`unsynced names are lost as by a journal of kind "${journal}"`, () => {
    const found = outcomes({}, ({ disk, process }) => {
      disk.names.journal = journal;
      process.makeDirectory("/other");
      process.publish("/folder/new", new Uint8Array(0));
      process.remove("/folder/file");
      process.publish("/other/new", new Uint8Array(0));
      disk.powerCut();
      return disk.names.files().filter((path) => !path.endsWith(".draft")).join(" ");
    });
    const isReordered = found.has(""); // The removal is there, and what was made before it is not.
    assertEquals(isReordered, journal === "none");
    const isPerFolder = [...found].some((files) =>
      files.includes("/other/new") && files.includes("/folder/file")
    );
    assertEquals(isPerFolder, journal !== "global");
    assert(found.has("/folder/file"));
  });
}

test("a rename is atomic, and synced content stays", () => {
  const found = outcomes({}, ({ disk, process }) => {
    disk.names.journal = "none";
    process.replace("/folder/file", bytes(3, B));
    disk.powerCut();
    return `${disk.names.files().filter((path) => !path.endsWith(".draft"))} ${runsOf(disk)}`;
  });
  assertEquals([...found].sort(), ["/folder/file ", "/folder/file B"]);
});

test("a folder's failed sync is reported once, and its changes are lost unless the folder changes again", () => {
  const { disk } = makeDisk(1);
  const lose = () => {
    const process = new SimulatedProcess(disk);
    process.publish("/folder/new", new Uint8Array(0));
    disk.faults = { failedDirectorySync: 1 };
    assertThrows(() => process.syncDirectory("/folder"), StorageError, "EIO");
    disk.faults = {};
    process.syncDirectory("/folder");
    return process;
  };
  lose();
  disk.powerCut();
  assertEquals(disk.names.files(), ["/folder/file"]);
  const process = lose();
  process.publish("/folder/newer", new Uint8Array(0));
  process.syncDirectory("/folder");
  disk.powerCut();
  assertEquals(disk.names.files().sort(), ["/folder/file", "/folder/new", "/folder/newer"]);
});

test("the clock steps back and forward, and its values are recorded", () => {
  const clock = new Clock();
  const from = clock.time;
  clock.pass(100);
  clock.step(-3_600_000);
  clock.pass(50);
  assertEquals(clock.now, from + 150 - 3_600_000);
  assertEquals(clock.shown(from), { least: from + 100 - 3_600_000, greatest: from + 100 });
  assertEquals(clock.shown(from + 120, from + 130).greatest, from + 130 - 3_600_000);
});
