// How the first segments of a log are removed: one name decides, and what a killed process left is deleted
// later.
import { assertEquals } from "@std/assert";
import { DRAFT_SUFFIX } from "../../../src/storage/port.ts";
import { PartitionFolder } from "../../../src/log/segment/directory.ts";
import { firstName, needsName } from "../../../src/log/segment/listing.ts";
import { removeBefore, removeLeftovers } from "../../../src/log/segment/removal.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import { test } from "../../harness.ts";

const DIRECTORY = "/log";
const LOGS = [0, 10, 20, 30].map(segmentName);
const INDEXES = LOGS.map((name) => name.replace("log", "idx"));

/** A folder with these names, and what is done to it, in order. */
function made(names: readonly string[]) {
  const storage = new SimulatedProcess(new SimulatedDisk(1));
  storage.makeDirectory(DIRECTORY);
  for (const name of names) storage.publish(`${DIRECTORY}/${name}`, new Uint8Array(64));
  const folder = new PartitionFolder({ storage, directory: DIRECTORY, topic: "t", partition: 0 });
  const steps: string[] = [];
  const noted = (path: string): string => path.slice(DIRECTORY.length + 1) || "folder";
  for (const call of ["publish", "remove", "syncDirectory"] as const) {
    const original = storage[call].bind(storage) as (...args: unknown[]) => unknown;
    Object.assign(storage, {
      [call](...args: unknown[]) {
        const name = noted(args[0] as string);
        if (!name.endsWith(DRAFT_SUFFIX)) steps.push(`${call} ${name}`);
        return original(...args);
      },
    });
  }
  return { storage, folder, steps, names: () => storage.list(DIRECTORY).sort() };
}

test("segments are removed in order: first the mark is synced, then logs, then their other files", () => {
  // Whatever the order of a listing: while a segment exists, no later one was removed, which listings rely on.
  const { folder, steps, names } = made([...LOGS, ...INDEXES, needsName(10, 0)].reverse());
  assertEquals(removeBefore(folder, 20, 700), true);
  assertEquals(steps, [
    "syncDirectory folder",
    `publish ${firstName(20, 700)}`,
    "syncDirectory folder",
    // A draft alone: the folder is changed, so that the system writes it.
    `publish ${INDEXES[0]}`,
    `remove ${LOGS[0]}`,
    `remove ${LOGS[1]}`,
    `remove ${INDEXES[0]}`,
    `remove ${INDEXES[1]}`,
    `remove ${needsName(10, 0)}`,
  ]);
  assertEquals(names(), [...LOGS.slice(2), ...INDEXES.slice(2), firstName(20, 700)].sort());
});

test("the newest removed time never decreases", () => {
  const { folder, names } = made([...LOGS, firstName(10, 900)]);
  removeBefore(folder, 20, 700);
  assertEquals(names().includes(firstName(20, 900)), true);
  removeBefore(folder, 30, 950);
  assertEquals(names(), [firstName(30, 950), LOGS[3]]);
});

test("nothing is removed if a remaining segment has started to need it", () => {
  const { folder, names, storage } = made(LOGS);
  const { syncDirectory } = storage;
  storage.syncDirectory = (path) => {
    storage.publish(`${DIRECTORY}/${needsName(30, 10)}`, new Uint8Array(0));
    storage.syncDirectory = syncDirectory;
    syncDirectory.call(storage, path);
  };
  assertEquals(removeBefore(folder, 20, 700), false);
  assertEquals(names(), [...LOGS, needsName(30, 10)].sort());
});

test("leftovers of an interrupted removal are removed, and nothing is synced without leftovers", () => {
  const left = made([...LOGS.slice(1), INDEXES[0]!, firstName(20, 5)]);
  removeLeftovers(left.folder);
  assertEquals(left.names(), [...LOGS.slice(2), firstName(20, 5)].sort());
  assertEquals(left.steps[0], "syncDirectory folder");
  const none = made([...LOGS, ...INDEXES, "other"]);
  removeLeftovers(none.folder);
  assertEquals(none.steps, []);
  // Where no segment is left, what belongs to the first one is none.
  for (const name of ["other", INDEXES[0]!]) {
    const empty = made([name]);
    removeLeftovers(empty.folder);
    assertEquals([empty.steps, empty.names()], [[], [name]]);
  }
});

test("a segment's file is closed before it is removed", () => {
  const { folder } = made(LOGS);
  const open = folder.segment(0);
  void open.file;
  removeBefore(folder, 10, 1);
  assertEquals(open.isOpen, false);
});

test("a draft is kept for an hour, whichever way the clock was set", () => {
  const draft = `${LOGS[0]}.x${DRAFT_SUFFIX}`;
  const hour = 3_600_000;
  for (
    const [age, stays] of [[0, true], [hour - 1, true], [1 - hour, true], [hour, false], [
      -hour,
      false,
    ]] as const
  ) {
    const { folder, names, storage } = made([...LOGS, draft]);
    const now = storage.stat(`${DIRECTORY}/${draft}`)!.modified + age;
    storage.now = () => now;
    removeBefore(folder, 20, 5);
    assertEquals(names().includes(draft), stays, `${age}`);
    assertEquals(names().includes(LOGS[0]!), false);
  }
  // One that has been removed in the meantime.
  const { folder, storage } = made([...LOGS, draft]);
  const { stat } = storage;
  storage.stat = (path) => path.endsWith(draft) ? undefined : stat.call(storage, path);
  removeBefore(folder, 20, 5);
});
