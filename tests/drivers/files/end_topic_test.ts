// The end of a topic whose folder was renamed: every partition's log is ended for those who have it open, then all of it
// goes, whatever the disk says.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { holdAppendSignal, releaseAppendSignal } from "../../../src/drivers/files/append_signals.ts";
import { endAndRemove, hasEnded } from "../../../src/drivers/files/end_topic.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { test } from "../../harness.ts";
import { withOpenFiles } from "./counted_files.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const ASIDE = `${ROOT}/.deleting-0`;
const moved = { path: ASIDE, useLocking: false };

/** A topic that was renamed, with two partitions; only the first one has an event. */
function renamed() {
  const folder = new SimulatedFolder();
  const { storage, openFiles } = withOpenFiles(folder.storage);
  const path = (partition: number): string => `${ASIDE}/partitions/0000000${partition}`;
  for (const name of [ASIDE, `${ASIDE}/partitions`, path(0), path(1)]) storage.makeDirectory(name);
  // Another process.
  const log = new Partition({ storage: folder.storage, directory: path(0), topic: "t", partition: 0 });
  const writer = new PartitionWriter(log, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  writer.append({ count: 1, metadata: ["1"], dataBytes: 0 });
  log.close();
  return { folder, storage, openFiles, path };
}

function refuse(
  folder: SimulatedFolder,
  matches: (name: string, path: string) => boolean,
  error: Error,
): void {
  folder.before = (name, path) => {
    if (matches(name, path)) throw error;
  };
}

test("a topic that goes is ended where it has events, no file stays open, and nothing else in it is touched", () => {
  const { folder, storage, openFiles, path } = renamed();
  folder.file(".deleting-0/partitions/others/00000000000000000000.log", "of another program");
  const names: string[] = [];
  const opened: string[] = [];
  folder.before = (name, at) => {
    if (name === "open") opened.push(at);
    if (name !== "removeTree" || at !== ASIDE) return;
    names.push(...folder.names(path(1)));
    assertEquals([hasEnded(storage, ASIDE), openFiles.size], [true, 0]);
  };
  assertEquals(hasEnded(storage, ASIDE), false);
  endAndRemove(storage, moved);
  assertEquals([names, opened.filter((at) => at.includes("others")), folder.names()], [[], [], []]);
  assertEquals([hasEnded(storage, ASIDE), openFiles.size], [false, 0]);
});

test("who waits for events of a topic that goes wakes, where this process had it open under its name", () => {
  const cases: [formerPath: string | undefined, expected: string[]][] = [[`${ROOT}/t`, ["0", "1"]], [
    undefined,
    [],
  ]];
  for (const [formerPath, expected] of cases) {
    const { storage } = renamed();
    const woken: string[] = [];
    const stops = [0, 1].map((partition) => {
      const directory = `${ROOT}/t/partitions/0000000${partition}`;
      const stop = holdAppendSignal(storage, directory).listen(() => woken.push(String(partition)));
      return () => {
        stop();
        releaseAppendSignal(directory);
      };
    });
    endAndRemove(storage, formerPath === undefined ? moved : { ...moved, formerPath });
    for (const stop of stops) stop();
    assertEquals(woken, expected);
  }
});

test("a topic goes also if it cannot be ended, but no bug is hidden", () => {
  const isOfPartition = (name: string, at: string): boolean => name === "open" && at.includes("/00000000/");
  const isOfPartitions = (name: string, at: string): boolean =>
    name === "list" && at === `${ASIDE}/partitions`;
  for (const matches of [isOfPartition, isOfPartitions]) {
    const { folder, storage, openFiles } = renamed();
    let failures = 1;
    refuse(
      folder,
      (name, at) => matches(name, at) && failures-- > 0,
      new StorageError("EIO", "Cannot do it: simulated"),
    );
    endAndRemove(storage, moved);
    assertEquals([folder.names(), openFiles.size], [[], 0]);
    const buggy = renamed();
    refuse(buggy.folder, matches, new TypeError("a bug"));
    assertThrows(() => endAndRemove(buggy.storage, moved), TypeError, "a bug");
    assertEquals(buggy.openFiles.size, 0);
  }
});

test("whether a topic has ended is not known of one that cannot be read, but no bug is hidden", () => {
  const { folder, storage, openFiles } = renamed();
  const isRead = (name: string, at: string): boolean => name === "open" && at.endsWith(".log");
  refuse(folder, isRead, new StorageError("EIO", "Cannot open: simulated"));
  assertEquals(hasEnded(storage, ASIDE), false);
  refuse(folder, isRead, new TypeError("a bug"));
  assertThrows(() => hasEnded(storage, ASIDE), TypeError, "a bug");
  assertEquals(openFiles.size, 0);
});
