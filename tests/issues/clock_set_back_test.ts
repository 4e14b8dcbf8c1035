// The clock was set back by an hour. Seeking by time searched the segments as if each had been created after
// the one before, and returned event 72 instead of 20. Retention used the time at which the next segment was
// created as the age of the newest event in a segment, and removed events 30 s old with `retention_seconds:
// 3000`.
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { verifyPartition } from "../../src/log/check/verify.ts";
import {
  type ClockStore,
  firstIdOf,
  HOUR,
  MINUTE,
  NOON,
  SECOND,
  timesOf,
  withClock,
} from "../drivers/files/stepping_clock.ts";
import { test } from "../harness.ts";

/** Every way to seek by time returns the first event, in the order of ids, that is not older. */
async function checkSeeking({ topic, partition }: ClockStore): Promise<void> {
  const times = await timesOf(topic);
  const log = partition();
  const [{ nextId }] = await topic.describe();
  const wanted = new Set([...times.values()].flatMap((time) => [time - 1, time, time + 1]));
  for (const time of wanted) {
    const expected = [...times].find(([, stored]) => stored >= time)?.[0] ?? nextId;
    assertEquals(log.positionOfTime(time)?.id, expected, `place of ${(time - NOON) / SECOND} s after noon`);
    await using consumer = topic.consumer("c", { from: { time } });
    await consumer.ready();
    assertEquals(consumer.position(0), expected);
    await topic.seekConsumer("stored", { time });
    assertEquals((await topic.lag("stored"))[0].position, expected);
  }
  log.close();
}

/** A store whose clock was changed is intact. */
async function checkVerify({ partition }: ClockStore): Promise<void> {
  const log = partition();
  for await (const finding of verifyPartition(log)) throw new Error(JSON.stringify(finding));
  log.close();
}

/** What the clock shows when; events are pushed by a new producer each time, or by one that stays open. */
const STEPS: Record<string, readonly number[]> = {
  "does not step": [0, MINUTE, 2 * MINUTE, 3 * MINUTE],
  "is set back by an hour": [0, MINUTE, MINUTE - HOUR, 2 * MINUTE - HOUR, 3 * MINUTE - HOUR],
  "is set back by an hour, and right again": [0, MINUTE - HOUR, 2 * MINUTE - HOUR, 3 * MINUTE, 4 * MINUTE],
  "is ahead by two hours for a while": [0, MINUTE + 2 * HOUR, 2 * MINUTE + 2 * HOUR, 3 * MINUTE, 4 * MINUTE],
  "goes back again and again": [0, -HOUR, -2 * HOUR, -3 * HOUR, -4 * HOUR],
  "steps both ways": [0, HOUR, -2 * HOUR, 3 * HOUR, -4 * HOUR, 5 * HOUR],
};

for (const [what, steps] of Object.entries(STEPS)) {
  for (const perStep of [1, 2, 5, 12]) {
    test(`seek by time finds the first event not older, although the clock ${what} (${perStep} events a step)`, () =>
      withClock({}, async (store) => {
        await using staying = store.topic.producer({ batchSize: 1 });
        for (const [index, step] of steps.entries()) {
          store.setClock(step);
          if (index % 2 === 0) await store.push(await store.reopen(), perStep);
          else for (let n = 0; n < perStep; n++) await staying.push({ text: "y".repeat(1000) });
        }
        await checkSeeking(store);
        await checkVerify(store);
      }));
  }
}

test("times never decrease within a segment, whichever process writes", () =>
  withClock({ segment_bytes: 1_000_000 }, async (store) => {
    await using first = store.topic.producer();
    await using second = (await store.reopen()).producer();
    for (const step of [0, MINUTE, -HOUR, -HOUR + MINUTE, 2 * MINUTE]) {
      store.setClock(step);
      await first.push({});
      await second.push({});
    }
    const times = [...(await timesOf(store.topic)).values()].map((time) => (time - NOON) / MINUTE);
    assertEquals(times, [0, 0, 1, 1, 1, 1, 1, 1, 2, 2]);
  }));

test("each segment has its own clock: after a moment ahead it is right again in the next segment", () =>
  withClock({}, async (store) => {
    await using producer = store.topic.producer({ batchSize: 1 });
    store.setClock(HOUR);
    await producer.push({});
    store.setClock(0);
    for (let n = 0; n < 9; n++) await producer.push({ text: "x".repeat(1000) });
    const times = [...(await timesOf(store.topic)).values()];
    assertEquals(times[0], NOON + HOUR);
    assertEquals(times.at(-1), NOON);
  }));

/** Events from noon, then a wrong clock, then a correct one 30 s later: nothing is older than a minute. */
const WRONG_CLOCKS: Record<string, readonly number[]> = {
  "back by an hour": [-HOUR],
  "back by a year": [-365 * 24 * HOUR],
  "ahead by an hour": [HOUR],
  "back, and then ahead": [-HOUR, HOUR],
  "ahead, and then back": [HOUR, -2 * HOUR],
};

for (const [what, wrong] of Object.entries(WRONG_CLOCKS)) {
  test(`retention by age removes nothing that is younger than it says, after a clock that was ${what}`, () =>
    withClock({ retention_seconds: 3000 }, async (store) => {
      await store.push(store.topic, 10);
      for (const [index, step] of wrong.entries()) {
        store.setClock(step + (index + 1) * 10 * SECOND);
        // No segment is started while the clock is ahead: what is old by that clock is removed.
        await store.push(store.topic, step > 0 ? 1 : 9);
      }
      for (const later of [30, 40, 50]) {
        store.setClock(later * SECOND);
        await store.push(store.topic, 10);
        assertEquals(await firstIdOf(store.topic), 0, `${later} s after noon`);
      }
      // And it is removed when it is old.
      store.setClock(2 * HOUR);
      await store.push(store.topic, 10);
      store.setClock(3 * HOUR);
      await store.push(store.topic, 10);
      assertGreater(await firstIdOf(store.topic), 10);
    }));
}

test("events stored while the clock was slow are not expired when it is right again", () =>
  withClock({ retention_seconds: 60 }, async (store) => {
    await store.push(store.topic, 10);
    for (let minute = 1; minute <= 5; minute++) {
      store.setClock(minute * MINUTE - HOUR);
      await store.push(store.topic, 5);
    }
    store.setClock(5 * MINUTE + SECOND);
    await store.push(store.topic, 5);
    // Those from noon are old; the age of later ones is unknown.
    assertLessOrEqual(await firstIdOf(store.topic), 10);
    store.setClock(6 * MINUTE + 2 * SECOND);
    await store.push(store.topic, 5);
    assertGreater(await firstIdOf(store.topic), 30);
  }));

test("a clock that was once far ahead does not disable retention for ever", () =>
  withClock({ retention_seconds: 60 }, async (store) => {
    store.setClock(70 * 365 * 24 * HOUR);
    await store.push(store.topic, 2);
    store.setClock(0);
    await store.push(store.topic, 10);
    store.setClock(5 * MINUTE);
    await store.push(store.topic, 10);
    assertGreater(await firstIdOf(store.topic), 5);
  }));

test("trim by time uses the times of the events, whatever the clock says now", () =>
  withClock({}, async (store) => {
    store.setClock(0);
    await store.push(store.topic, 10);
    store.setClock(-HOUR);
    await store.push(store.topic, 10);
    store.setClock(-HOUR + MINUTE);
    await store.push(store.topic, 10);
    await store.topic.trim({ beforeTime: NOON - MINUTE });
    assertEquals(await firstIdOf(store.topic), 0);
    const times = await timesOf(store.topic);
    await store.topic.trim({ beforeTime: NOON + 1 });
    const kept = await timesOf(store.topic);
    for (const [id, time] of times) if (time > NOON) assertEquals(kept.get(id), time);
    assertGreater(await firstIdOf(store.topic), 5);
  }));
