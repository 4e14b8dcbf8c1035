// When a member checks the others: by a timer that suits their number, and from within its own work.
import { assertEquals } from "@std/assert";
import { CheckSchedule } from "../../src/groups/check_schedule.ts";
import { test } from "../harness.ts";
import { ScriptedEnvironment } from "./scripted_environment.ts";

function schedule(timeoutMs = 60_000) {
  const environment = new ScriptedEnvironment();
  environment.nowMs = 5000;
  const checks: number[] = [];
  return {
    environment,
    checks,
    schedule: new CheckSchedule({ environment, timeoutMs }, () => checks.push(environment.nowMs)),
  };
}

test("the more members there are, the less often each checks, and ten times in its timeout at least", () => {
  const intervals = [0, 1, 2, 3, 4, 5, 6, 50].map((members) => {
    const { environment, schedule: its } = schedule();
    its.adaptTo(members);
    return [...environment.timers.keys()].join();
  });
  assertEquals(intervals, ["250", "250", "250", "250", "500", "500", "1000", "1000"]);
  const { environment, schedule: impatient } = schedule(1000);
  impatient.adaptTo(50);
  assertEquals([...environment.timers.keys()], [100]);
  const { environment: hectic, schedule: veryImpatient } = schedule(10);
  veryImpatient.adaptTo(1);
  assertEquals([...hectic.timers.keys()], [1]);
});

test("one timer runs, which is replaced when the number of members calls for another, until the schedule stops", () => {
  const { environment, checks, schedule: its } = schedule();
  assertEquals(its.isRunning, false);
  its.adaptTo(1);
  const first = environment.timers.get(250);
  its.adaptTo(3);
  assertEquals([its.isRunning, environment.timers.get(250) === first], [true, true]);
  its.adaptTo(4);
  assertEquals([...environment.timers.keys()], [500]);
  environment.timers.get(500)!();
  assertEquals(checks, [5000]);
  its.stop();
  assertEquals(environment.timers.size, 0);
});

test("a working member checks at once, and then four times a second, whatever made the last check", () => {
  const { environment, checks, schedule: its } = schedule();
  for (const ms of [5000, 5249, 5250, 5400]) {
    environment.nowMs = ms;
    its.checkDuringWork();
  }
  assertEquals([checks, its.workCheckDueMs], [[5000, 5250], 5500]);
  its.adaptTo(1);
  assertEquals(its.workCheckDueMs, 5650);
  environment.nowMs = 5500;
  environment.timers.get(250)!();
  assertEquals([checks, its.workCheckDueMs], [[5000, 5250, 5500], 5750]);
});

test("an unwatched roster is always polled, a watched one in nine tenths of a second or an eleventh of the timeout", () => {
  for (const [timeoutMs, dueMs] of [[60_000, 900], [1100, 100]] as const) {
    const { environment, schedule: its } = schedule(timeoutMs);
    its.polled();
    assertEquals(its.isPollDue, true);
    its.isWatched = true;
    const found = [0, dueMs - 1, dueMs].map((ms) => {
      environment.nowMs = 5000 + ms;
      return its.isPollDue;
    });
    assertEquals(found, [false, false, true]);
  }
  const { schedule: never } = schedule();
  never.isWatched = true;
  assertEquals(never.isPollDue, true);
});
