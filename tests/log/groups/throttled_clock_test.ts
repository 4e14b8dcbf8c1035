import { assertEquals } from "@std/assert";
import type { GroupEnvironment } from "../../../src/log/groups/failure_detector.ts";
import { ThrottledClock } from "../../../src/log/groups/throttled_clock.ts";
import { test } from "../../harness.ts";

/** An environment whose event loop turns by hand, and that counts how often its clock is asked. */
class FakeEnvironment {
  nowMs = 0;
  asked = 0;
  readonly waiting: (() => void)[] = [];

  elapsedMs(): number {
    this.asked++;
    return this.nowMs;
  }

  soon(call: () => void): () => void {
    this.waiting.push(call);
    return () => void this.waiting.splice(0);
  }

  clock(onTurn = (): void => {}): ThrottledClock {
    return new ThrottledClock(this as unknown as GroupEnvironment, onTurn);
  }
}

test("readings in quick succession ask the real clock once in eight times, slow ones each time", () => {
  const fast = new FakeEnvironment();
  const fastClock = fast.clock();
  assertEquals(fastClock.read(), 0);
  for (let readings = 0; readings < 80; readings++) fastClock.read();
  assertEquals(fast.asked, 11);
  const slow = new FakeEnvironment();
  const slowClock = slow.clock();
  for (let readings = 0; readings < 20; readings++, slow.nowMs += 5) {
    assertEquals(slowClock.read(), slow.nowMs);
  }
});

test("after a turn of the event loop the real clock is asked, and the turn is reported once", () => {
  const environment = new FakeEnvironment();
  let turns = 0;
  const clock = environment.clock(() => turns++);
  for (let readings = 0; readings < 4; readings++) clock.read();
  assertEquals(environment.waiting.length, 1);
  environment.nowMs = 1000;
  assertEquals(clock.read(), undefined);
  environment.waiting.pop()!();
  assertEquals(turns, 1);
  assertEquals(clock.read(), 1000);
});

test("a clock that is stopped reports no turn", () => {
  const environment = new FakeEnvironment();
  const clock = environment.clock();
  clock.read();
  clock.stop();
  assertEquals(environment.waiting, []);
});
