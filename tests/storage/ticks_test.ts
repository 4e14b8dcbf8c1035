import { assert, assertEquals } from "@std/assert";
import { AppendSignal } from "../../src/log/segment/append_signal.ts";
import { everyTick } from "../../src/storage/ticks.ts";
import { test } from "../harness.ts";
import { changedStorage } from "../log/port_wrapper.ts";
import { until } from "../waiting.ts";

/** Whether calls came one at a time, not several at the same moment. */
function areApart(moments: readonly number[]): boolean {
  return moments.slice(1).every((moment, index) => moment - moments[index] > 1);
}

test("a function added several times is called once per tick, until all have removed it", async () => {
  const moments: number[] = [];
  const call = () => void moments.push(performance.now());
  const stops = [1, 2, 3].map(() => everyTick(20, call, { keepsRunning: true }));
  await until("it came often", () => moments.length >= 5);
  stops[0]();
  stops[0]();
  stops[1]();
  const { length } = moments;
  await until("it still comes", () => moments.length >= length + 2);
  stops[2]();
  const end = moments.length;
  let others = 0;
  const stopOther = everyTick(20, () => void others++, { keepsRunning: true });
  await until("it would have come", () => others >= 2);
  stopOther();
  assertEquals(moments.length, end);
  assert(areApart(moments), String(moments));
});

test("a tick ended by another call at the same moment is not called", async () => {
  let others = 0;
  const stopOther = everyTick(15, () => void others++, { keepsRunning: true });
  let own = 0;
  const stop = everyTick(15, () => {
    own++;
    stop();
  }, { keepsRunning: true });
  await until("both came", () => own > 0 && others > 2);
  stopOther();
  assertEquals(own, 1);
});

test("a wait for many partitions polls once per tick, even without a watch", async () => {
  const storage = changedStorage(() => ({}), { watch: () => undefined });
  const moments: number[] = [];
  const wake = () => void moments.push(performance.now());
  const stops = ["one", "two", "three"].map((folder) => new AppendSignal(storage, folder).listen(wake));
  await until("it looked", () => moments.length >= 2);
  for (const stop of stops) stop();
  assert(areApart(moments), String(moments));
});
