// After a power cut, a stored position may be newer than the log. One stored by `seekConsumer(…, "latest")` had
// time 0, so new events 50 to 99 were never delivered; one whose time happened to match another frame was
// trusted; and acknowledgements below a stale position were not stored until they passed it.
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertRejects } from "@std/assert";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { EventGoneError, type Topic } from "../../mod.ts";
import { encodeSlot, inspectPositions } from "../../src/log/positions/position_slot.ts";
import { type ClockStore, firstIdOf, HOUR, NOON, withClock } from "../drivers/files/stepping_clock.ts";
import { test } from "../harness.ts";

const EVENTS = 100;
/** What is left on the disk. */
const KEPT = 50;

/** Pushes events, one per frame, that say which run pushed them. */
async function push(topic: Topic, count: number, by: string): Promise<void> {
  await using producer = topic.producer({ batchSize: 1 });
  for (let n = 0; n < count; n++) await producer.push({ by, text: "x".repeat(200) });
}

/** The power is cut: of the log, only what is before an event is left. */
function loseFrom({ partition, folder }: ClockStore, id: number): void {
  const log = partition();
  const { segment, offset } = log.positionOfId(id)!;
  const later = log.segmentIds().filter((baseId) => baseId > segment.baseId);
  log.close();
  truncateSync(segment.path, offset);
  for (const baseId of later) {
    const digits = String(baseId).padStart(20, "0");
    for (const name of readdirSync(folder)) if (name.startsWith(digits)) rmSync(join(folder, name));
  }
}

/** Which run pushed the events that a consumer gets, by id. */
async function deliveredTo(topic: Topic, name: string): Promise<Map<number, string>> {
  await using consumer = topic.consumer(name);
  const events = new Map<number, string>();
  for await (const { id, metadata } of consumer.events({ until: "end" })) {
    events.set(id, (metadata as { by: string }).by);
  }
  return events;
}

/** Every event pushed after the power cut is delivered; others may be delivered again, from `from` on. */
function assertNewAreDelivered(events: Map<number, string>, from: number): void {
  const expected = new Map<number, string>();
  for (let id = from; id < EVENTS; id++) expected.set(id, id < KEPT ? "before" : "after");
  assertEquals([...events], [...expected]);
}

const POSITIONS: Record<string, (topic: Topic) => Promise<void>> = {
  "seekConsumer() to the latest": (topic) => topic.seekConsumer("c", "latest"),
  "seekConsumer() to an id": (topic) => topic.seekConsumer("c", { id: EVENTS - 3 }),
  "seekConsumer() to a time": (topic) => topic.seekConsumer("c", { time: NOON + 12 * HOUR }),
  "seek() with store": async (topic) => {
    await using consumer = topic.consumer("c");
    await consumer.seek("latest", { store: true });
  },
  "an acknowledgement of the last event": async (topic) => {
    await using consumer = topic.consumer("c");
    for await (const batch of consumer.batches({ until: "end" })) await batch.at(-1)!.acknowledge();
  },
  "an acknowledgement after a seek": async (topic) => {
    await using consumer = topic.consumer("c", { from: { id: EVENTS - 2 } });
    const event = await consumer.pull();
    await consumer.seek("earliest");
    await event.acknowledge();
  },
  "acknowledgements of two consumers": async (topic) => {
    await using one = topic.consumer("c");
    await using other = topic.consumer("c");
    for await (const batch of one.batches({ until: { id: 20 } })) await batch.at(-1)!.acknowledge();
    for await (const batch of other.batches({ until: "end" })) await batch.at(-1)!.acknowledge();
  },
};

/** How the clock has changed when the machine is up again, in milliseconds. */
const CLOCKS: Record<string, number> = { "goes on": 60_000, "stands still": 0, "is set back": -5 * HOUR };

for (const [what, store] of Object.entries(POSITIONS)) {
  for (const [clock, step] of Object.entries(CLOCKS)) {
    test(`new events are delivered though the position (${what}) was newer than the log, where the clock ${clock}`, () =>
      withClock({ segment_bytes: 1 << 20 }, async (scene) => {
        await push(scene.topic, EVENTS, "before");
        await store(scene.topic);
        loseFrom(scene, KEPT);
        scene.setClock(step);
        const topic = await scene.reopen();
        const [{ position, events }] = await topic.lag("c");
        assertEquals([position, events], [KEPT, 0]);
        // They get the ids of those that were lost.
        await push(topic, EVENTS - KEPT, "after");
        const [later] = await topic.lag("c");
        assertEquals([later.position, later.events], [KEPT, EVENTS - KEPT]);
        assertNewAreDelivered(await deliveredTo(topic, "c"), KEPT);
      }));
  }
}

test("new events are delivered if whole segments with the position are lost and recreated", () =>
  withClock({ segment_bytes: 4096 }, async (scene) => {
    await push(scene.topic, EVENTS, "before");
    await using consumer = scene.topic.consumer("c");
    for await (const event of consumer.events({ until: "end" })) await event.acknowledge();
    loseFrom(scene, KEPT);
    scene.setClock(-HOUR);
    const topic = await scene.reopen();
    await push(topic, EVENTS - KEPT, "after");
    const events = await deliveredTo(topic, "c");
    const from = Math.min(...events.keys());
    // Back no further than what was acknowledged in the segments that are left.
    assertLessOrEqual(from, KEPT);
    assertNewAreDelivered(events, from);
  }));

test("a position is ignored if everything is lost", () =>
  withClock({}, async (scene) => {
    await push(scene.topic, 30, "before");
    await scene.topic.seekConsumer("c", "latest");
    for (const name of readdirSync(scene.folder)) {
      if (/^\d{20}\./.test(name)) rmSync(join(scene.folder, name));
    }
    const topic = await scene.reopen();
    await push(topic, 40, "after");
    assertEquals((await deliveredTo(topic, "c")).size, 40);
  }));

test("several writers: events are delivered again rather than missed", () =>
  withClock({ segment_bytes: 1 << 20 }, async (scene) => {
    await using one = scene.topic.producer({ batchSize: 1 });
    await using other = (await scene.reopen()).producer({ batchSize: 1 });
    for (let n = 0; n < EVENTS; n++) await (n % 3 === 0 ? one : other).push({ by: "before" });
    await scene.topic.seekConsumer("c", "latest");
    loseFrom(scene, KEPT);
    scene.setClock(-HOUR);
    const topic = await scene.reopen();
    await push(topic, EVENTS - KEPT, "after");
    const events = await deliveredTo(topic, "c");
    const from = Math.min(...events.keys());
    assert(from > KEPT - 4 && from <= KEPT, `from ${from} on`);
    assertNewAreDelivered(events, from);
  }));

/** A topic whose log lost events that consumer `c` had passed; others have been stored since. */
async function topicWithStalePosition(scene: ClockStore): Promise<Topic> {
  await push(scene.topic, EVENTS, "before");
  await scene.topic.seekConsumer("c", "latest");
  loseFrom(scene, KEPT);
  const topic = await scene.reopen();
  await push(topic, 20, "after");
  return topic;
}

test("an acknowledgement below a stale position is stored", () =>
  withClock({ segment_bytes: 1 << 20 }, async (scene) => {
    const topic = await topicWithStalePosition(scene);
    {
      await using consumer = topic.consumer("c");
      for await (const event of consumer.events({ until: { id: KEPT + 5 } })) await event.acknowledge();
      assertEquals((await topic.lag("c"))[0].position, KEPT + 5);
    }
    // Also when the log has grown past the stale one.
    await push(topic, 60, "after");
    assertEquals((await topic.lag("c"))[0].position, KEPT + 5);
    assertEquals([...(await deliveredTo(topic, "c")).keys()][0], KEPT + 5);
  }));

test("two consumers of one name that both begin with a stale position store what they acknowledge", () =>
  withClock({ segment_bytes: 1 << 20 }, async (scene) => {
    const topic = await topicWithStalePosition(scene);
    await using one = topic.consumer("c");
    await using other = (await scene.reopen()).consumer("c");
    const [events, others] = [[], []] as { acknowledge(): PromiseLike<true> }[][];
    for await (const event of one.events({ until: { id: KEPT + 10 } })) events.push(event);
    for await (const event of other.events({ until: { id: KEPT + 10 } })) others.push(event);
    await events[4].acknowledge();
    await others[1].acknowledge();
    assertEquals((await topic.lag("c"))[0].position, KEPT + 5);
    await others[7].acknowledge();
    await events[6].acknowledge();
    assertEquals((await topic.lag("c"))[0].position, KEPT + 8);
  }));

test("retention by acknowledgement uses positions that the log confirms", () =>
  withClock({ retention_acknowledged: true, segment_bytes: 4096 }, async (scene) => {
    await push(scene.topic, EVENTS, "before");
    const firstBefore = await firstIdOf(scene.topic);
    await scene.topic.seekConsumer("c", "latest");
    loseFrom(scene, KEPT);
    scene.setClock(-HOUR);
    const topic = await scene.reopen();
    await push(topic, 200, "after");
    assertEquals(firstBefore, 0);
    const firstId = await firstIdOf(topic);
    assertLessOrEqual(firstId, KEPT);
    // A dry run reports the same.
    const [{ firstId: planned }] = await topic.trim({ acknowledged: true, dryRun: true });
    assertEquals(planned, firstId);
    await topic.seekConsumer("c", "latest");
    await push(topic, 30, "after");
    assertGreater(await firstIdOf(topic), 200);
  }));

test("a position is kept when the log is unchanged: at its end, between segments, after a trim", () =>
  withClock({ segment_bytes: 4096 }, async (scene) => {
    await push(scene.topic, EVENTS, "before");
    const log = scene.partition();
    const [, second, third] = log.segmentIds();
    log.close();
    for (const [name, id] of Object.entries({ end: EVENTS, second, third, within: second + 3, first: 0 })) {
      await scene.topic.seekConsumer(name, { id });
      await using consumer = scene.topic.consumer(`${name} acknowledged`, {
        from: { id: Math.max(0, id - 1) },
      });
      if (id > 0) await (await consumer.pull()).acknowledge();
    }
    const check = async (topic: Topic, firstId: number) => {
      for (const [name, id] of Object.entries({ end: EVENTS, second, third, within: second + 3, first: 0 })) {
        const names = id > 0 ? [name, `${name} acknowledged`] : [name];
        for (const each of names) {
          assertEquals((await topic.lag(each))[0].position, Math.max(firstId, id), each);
          await using consumer = topic.consumer(each);
          await consumer.ready();
          // What was removed has still to be reported to it.
          assertEquals(consumer.position(0), id, each);
          if (id >= firstId) continue;
          await assertRejects(() => consumer.pull(), EventGoneError);
          assertEquals(consumer.position(0), firstId, each);
        }
      }
    };
    await check(await scene.reopen(), 0);
    scene.setClock(-HOUR);
    await push(scene.topic, 20, "after");
    await check(await scene.reopen(), 0);
    await scene.topic.trim({ beforeId: third });
    await check(await scene.reopen(), third);
  }));

test("positions of earlier versions, which identify the previous frame by its time only, stay valid", () =>
  withClock({ segment_bytes: 1 << 20 }, async (scene) => {
    const { topic } = scene;
    for (let n = 0; n < 10; n++) {
      scene.setClock(n * 1000);
      await push(topic, 1, "before");
    }
    await topic.seekConsumer("c", { id: 7 });
    const path = join(scene.folder, "../../consumers/c/00000000.pos");
    const bytes = readFileSync(path);
    const { mark, time } = inspectPositions(bytes, path).position!;
    assert(mark !== undefined && time === NOON + 6000);
    for (const [stored, expected] of [[time, 7], [0, 0], [time - 2500, 4], [time + 1, 7]]) {
      const old = new Uint8Array(64 * 64);
      const slot = { owner: 1, sequence: 1, generation: 9, nextId: 7, time: stored, written: NOON };
      old.set(encodeSlot(slot), 10 * 64);
      assert(old.subarray(10 * 64 + 48, 10 * 64 + 60).every((byte) => byte === 0));
      writeFileSync(path, old);
      const [{ position }] = await (await scene.reopen()).lag("c");
      assertEquals(position, expected, `time ${stored - NOON}`);
    }
  }));

/** Overwrites the frame of an event, including header and trailer, as a second power cut may. */
function ruin({ partition }: ClockStore, id: number): void {
  const log = partition();
  const { segment, offset } = log.positionOfId(id)!;
  const { offset: end } = log.positionOfId(id + 1)!;
  log.close();
  const file = openSync(segment.path, "r+");
  writeSync(file, new Uint8Array(end - offset), 0, end - offset, offset);
  closeSync(file);
}

// Damage at the place of the position's event was "not a sign of a different history". It was one: events had
// got the ids after a power cut, and a second power cut destroyed that very event.
test("new events are delivered even if one with the id of a position newer than the log is damaged", () =>
  withClock({ segment_bytes: 1 << 20 }, async (scene) => {
    await push(scene.topic, EVENTS, "before");
    await scene.topic.seekConsumer("c", { id: KEPT + 20 });
    loseFrom(scene, KEPT);
    const topic = await scene.reopen();
    await push(topic, EVENTS - KEPT, "after");
    ruin(scene, KEPT + 19);
    await using consumer = (await scene.reopen()).consumer("c", { onCorruption: "skip" });
    const ids: number[] = [];
    for await (const { id } of consumer.events({ until: "end" })) ids.push(id);
    const expected = Array.from({ length: EVENTS - KEPT }, (_, index) => KEPT + index);
    assertEquals(ids, expected.filter((id) => id !== KEPT + 19));
  }));

test("a position whose event is damaged is kept if its writer continued after it", () =>
  withClock({ segment_bytes: 1 << 20 }, async (scene) => {
    await push(scene.topic, EVENTS, "before");
    await scene.topic.seekConsumer("c", { id: KEPT });
    ruin(scene, KEPT - 1);
    const topic = await scene.reopen();
    assertEquals((await topic.lag("c"))[0].position, KEPT);
    assertEquals([...(await deliveredTo(topic, "c")).keys()][0], KEPT);
  }));

test("a position whose event is damaged, and is the last one of its writer, goes back to that event", () =>
  withClock({ segment_bytes: 1 << 20 }, async (scene) => {
    await push(scene.topic, EVENTS, "before");
    await scene.topic.seekConsumer("c", { id: EVENTS });
    await push(scene.topic, 1, "other writer");
    ruin(scene, EVENTS - 1);
    const topic = await scene.reopen();
    assertEquals((await topic.lag("c"))[0].position, EVENTS - 1);
  }));
