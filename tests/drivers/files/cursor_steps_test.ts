// Cursors of several partitions that go through their steps side by side, and share each listing.
import { assertEquals, assertRejects } from "@std/assert";
import { partitionName, PositionFiles } from "../../../src/drivers/files/layout.ts";
import { sideBySide, StepsOfTurn, SyncsOfTurn } from "../../../src/drivers/files/cursor_steps.ts";
import type { CursorSteps, OwnCursorFile } from "../../../src/log/mod.ts";
import { test } from "../../harness.ts";

/** A cursor that takes a number of listings, and returns them, or throws. */
function* cursor(listings: number, error?: Error): CursorSteps<string[]> {
  const listed: string[] = [];
  for (let step = 0; step < listings; step++) listed.push(...yield);
  if (error !== undefined) throw error;
  return listed;
}

/** Each listing has a name for each of the partitions 0 and 1, which says how many were made. */
function listing(): () => PositionFiles {
  let made = 0;
  return () => {
    made++;
    return new PositionFiles([0, 1].map((partition) => `${partitionName(partition)}.${made}`));
  };
}

test("each gets the names of its own files, and a listing serves all that wait for one", () => {
  const steps = [cursor(0), cursor(1), cursor(3), cursor(2)];
  const results = sideBySide(
    [2, 0, 1, 7].map((partition, n) => ({ partition, steps: steps[n]! })),
    listing(),
  );
  assertEquals(results, [
    { status: "fulfilled", value: [] },
    { status: "fulfilled", value: ["00000000.1"] },
    { status: "fulfilled", value: ["00000001.1", "00000001.2", "00000001.3"] },
    { status: "fulfilled", value: [] },
  ]);
  assertEquals(sideBySide([], listing()), []);
});

test("one that fails keeps no other one back", () => {
  const reason = new Error("unreadable");
  const results = sideBySide([
    { partition: 0, steps: cursor(1, reason) },
    { partition: 1, steps: cursor(2) },
  ], listing());
  assertEquals(results, [
    { status: "rejected", reason },
    { status: "fulfilled", value: ["00000001.1", "00000001.2"] },
  ]);
});

test("without a listing all that wait for one fail, and those that are done do not", () => {
  const reason = new Error("cannot list");
  const results = sideBySide([
    { partition: 0, steps: cursor(0) },
    { partition: 1, steps: cursor(1) },
    { partition: 2, steps: cursor(2) },
  ], () => {
    throw reason;
  });
  assertEquals(results, [
    { status: "fulfilled", value: [] },
    { status: "rejected", reason },
    { status: "rejected", reason },
  ]);
});

test("what begins in one turn goes side by side when it ends, and what begins later has listings of its own", async () => {
  let listings = 0;
  const turn = new StepsOfTurn(() => {
    listings++;
    return new PositionFiles([]);
  });
  function* steps(error?: Error): CursorSteps<void> {
    yield;
    if (error !== undefined) throw error;
  }
  const reason = new Error("unreadable");
  const [one, failing] = [turn.add(0, steps()), turn.add(1, steps(reason))];
  assertEquals(listings, 0);
  await one;
  assertEquals(await assertRejects(() => failing), reason);
  assertEquals(listings, 1);
  await turn.add(0, steps());
  assertEquals(listings, 2);
});

test("syncs that begin in one turn are side by side, and the names follow; each file is synced once", async () => {
  const done: string[] = [];
  const syncs = new SyncsOfTurn(() => {
    done.push("names");
    return Promise.resolve();
  });
  const file = (name: string, error?: Error) => {
    const sync = () => {
      done.push(name);
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    };
    return { isSyncDue: true, keepOpenDuring: () => {}, sync } as unknown as OwnCursorFile;
  };
  const files = ["one", "two", "three"].map((name) => file(name));
  await Promise.all([syncs.add(files[0]!), syncs.add(files[1]!)]);
  await syncs.add(files[2]!);
  assertEquals(done, ["one", "two", "names", "three", "names"]);
  assertEquals(files.map(({ isSyncDue }) => isSyncDue), [false, false, false]);
  // A failed one fails those that began with it, and no later one.
  const reason = new Error("cannot sync");
  const [failing, beside] = [file("failing", reason), file("beside")];
  for (const each of [syncs.add(failing), syncs.add(beside)]) {
    assertEquals(await assertRejects(() => each), reason);
  }
  assertEquals([failing.isSyncDue, beside.isSyncDue], [true, true]);
  await syncs.add(beside);
  assertEquals([done.slice(5), beside.isSyncDue], [["failing", "beside", "beside", "names"], false]);
});
