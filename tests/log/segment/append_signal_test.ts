import { assertEquals } from "@std/assert";
import { AppendSignal } from "../../../src/log/segment/append_signal.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";

/** A folder whose watches, if it has any, a test notifies of changes. */
function watched(hasWatch = true) {
  const watches: (() => void)[] = [];
  const paths: string[] = [];
  const storage = {
    watch(path: string, changed: () => void) {
      if (!hasWatch) return undefined;
      paths.push(path);
      watches.push(changed);
      return {
        close() {
          const index = watches.indexOf(changed);
          if (index < 0) throw new Error("the watch is closed twice");
          watches.splice(index, 1);
        },
      };
    },
  } as Partial<Storage> as Storage;
  return { signal: new AppendSignal(storage, "/folder"), watches, paths };
}

test("an append signal has one watch while there are listeners", () => {
  const { signal, watches, paths } = watched();
  assertEquals(watches.length, 0);
  const ends = [signal.listen(() => {}), signal.listen(() => {})];
  assertEquals(paths, ["/folder"]);
  ends[0]!();
  assertEquals(watches.length, 1);
  ends[1]!();
  assertEquals(watches.length, 0);
  signal.listen(() => {})();
  assertEquals([paths.length, watches.length], [2, 0]);
});

test("an append signal wakes all listeners, by the watch and by this process's appends", () => {
  const { signal, watches } = watched();
  const woken = [0, 0];
  const ends = woken.map((_, index) => signal.listen(() => woken[index]!++));
  watches[0]!();
  assertEquals(woken, [1, 1]);
  signal.notify();
  assertEquals(woken, [2, 2]);
  ends[0]!();
  signal.notify();
  assertEquals(woken, [2, 3]);
  ends[1]!();
  signal.notify();
  assertEquals(woken, [2, 3]);
});

test("a closed append signal watches again for the next listener", () => {
  const { signal, watches } = watched();
  signal.listen(() => {});
  signal.close();
  assertEquals(watches.length, 0);
  // Closing twice has the same effect as closing once.
  signal.close();
  signal.listen(() => {});
  assertEquals(watches.length, 1);
  signal.close();
});
