import { assertEquals } from "@std/assert";
import type { GroupEnvironment } from "../../src/groups/failure_detector.ts";
import { DeliveryClock } from "../../src/groups/delivery_clock.ts";
import { test } from "../harness.ts";

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

  clock(onTurn = (): void => {}): DeliveryClock {
    return new DeliveryClock(this as unknown as GroupEnvironment, onTurn);
  }
}

test("events that take two microseconds or more have a reading each", () => {
  const environment = new FakeEnvironment();
  const clock = environment.clock();
  assertEquals(clock.eventsPerReading, 1);
  for (const ms of [0, 0.002, ...Array.from({ length: 20 }, (_, events) => 1 + events * 0.0021)]) {
    environment.nowMs = ms;
    assertEquals([clock.read(), clock.eventsPerReading], [ms, 1]);
  }
});

test("eight events that take less share a reading, until they take more", () => {
  const environment = new FakeEnvironment();
  const clock = environment.clock();
  clock.read();
  environment.nowMs += 0.001;
  clock.read();
  assertEquals(clock.eventsPerReading, 8);
  environment.nowMs += 8 * 0.001;
  clock.read();
  assertEquals(clock.eventsPerReading, 8);
  environment.nowMs += 8 * 0.0021;
  clock.read();
  assertEquals(clock.eventsPerReading, 1);
});

test("a turn of the event loop is reported once, and the next event has a reading of its own", () => {
  const environment = new FakeEnvironment();
  let turns = 0;
  const clock = environment.clock(() => turns++);
  for (let readings = 0; readings < 4; readings++) clock.read();
  assertEquals([environment.waiting.length, clock.eventsPerReading], [1, 8]);
  environment.nowMs = 1000;
  environment.waiting.pop()!();
  assertEquals([turns, clock.eventsPerReading], [1, 1]);
  assertEquals(clock.read(), 1000);
  // And so is the next turn.
  environment.waiting.pop()!();
  assertEquals([turns, environment.waiting], [2, []]);
});

test("a clock that is stopped reports no turn", () => {
  const environment = new FakeEnvironment();
  const clock = environment.clock();
  clock.read();
  clock.stop();
  assertEquals(environment.waiting, []);
});
