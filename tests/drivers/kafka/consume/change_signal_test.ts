import { assertEquals } from "@std/assert";
import { ChangeSignal } from "../../../../src/drivers/kafka/consume/change_signal.ts";
import { test } from "../../../harness.ts";

const LONG_MS = 60_000;

test("a wait ends when its condition holds, after whichever change that is", async () => {
  const signal = new ChangeSignal();
  assertEquals(await signal.untilOrTimeout(() => true, LONG_MS), true);
  let changes = 0;
  const waits = [1, 3, 2].map((wanted) =>
    signal.untilOrTimeout(() => changes >= wanted, LONG_MS).then(() => wanted)
  );
  const ended: number[] = [];
  for (const wait of waits) wait.then((wanted) => ended.push(wanted));
  while (changes < 3) {
    changes++;
    signal.announce();
    await Promise.race(waits.filter((_, index) => !ended.includes([1, 3, 2][index])));
  }
  await Promise.all(waits);
  assertEquals(ended, [1, 2, 3]);
});

test("a condition that held counts, also if it no longer does when the one who waited goes on", async () => {
  const signal = new ChangeSignal();
  let holds = false;
  const wait = signal.untilOrTimeout(() => holds, LONG_MS);
  holds = true;
  signal.announce();
  holds = false;
  assertEquals(await wait, true);
});

test("a wait that expires says so, and one whose signal is closed ends", async () => {
  const signal = new ChangeSignal();
  assertEquals(await signal.untilOrTimeout(() => false, 0), false);
  let holds = false;
  const late = signal.untilOrTimeout(() => holds, 1);
  holds = true;
  assertEquals(await late, true, "a change that no one announced is seen at the end");
  const waits = [
    signal.untilOrTimeout(() => false, LONG_MS),
    signal.until(() => false, new AbortController().signal),
  ];
  signal.close();
  assertEquals(await Promise.all(waits), [true, undefined]);
  assertEquals(await signal.untilOrTimeout(() => false, LONG_MS), true);
});
