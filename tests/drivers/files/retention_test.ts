// What a topic's retention removes, and what it keeps: through the public API, on real files.
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertRejects } from "@std/assert";
import { EventGoneError, type Topic } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { firstIdOf, HOUR, MINUTE, SECOND, withClock } from "./stepping_clock.ts";

/** Acknowledges everything below an id under a name. */
async function acknowledgeBelow(topic: Topic, name: string, id: number): Promise<void> {
  await using consumer = topic.consumer(name);
  for await (const event of consumer.events({ until: { id } })) {
    if (event.id === id - 1) await event.acknowledge();
  }
}

async function bytesOf(topic: Topic): Promise<number> {
  return (await topic.describe())[0].bytes;
}

test("without retention nothing is removed", () =>
  withClock({}, async ({ topic, push, setClock }) => {
    await push(topic, 20);
    await acknowledgeBelow(topic, "a", 20);
    setClock(1000 * HOUR);
    await push(topic, 20);
    assertEquals(await firstIdOf(topic), 0);
  }));

test("retention_bytes keeps about that many bytes, whatever consumers acknowledged", () =>
  withClock({ retention_bytes: 20_000 }, async ({ topic, push }) => {
    await push(topic, 12);
    assertEquals(await firstIdOf(topic), 0);
    await acknowledgeBelow(topic, "a", 3);
    await push(topic, 60);
    const firstId = await firstIdOf(topic);
    assertGreater(firstId, 40);
    // The segment being written is not counted.
    assertLessOrEqual(await bytesOf(topic), 20_000 + 6000);
    assertGreater(await bytesOf(topic), 14_000);
    await using behind = topic.consumer("a");
    const { id, firstId: first } = await assertRejects(() => behind.pull().wait(0), EventGoneError);
    assertEquals([id, first], [3, firstId]);
    assertEquals((await behind.pull().wait(0))?.id, firstId);
  }));

test("retention_seconds removes older segments only", () =>
  withClock({ retention_seconds: 600 }, async ({ topic, push, setClock }) => {
    for (let minute = 0; minute < 30; minute++) {
      setClock(minute * MINUTE);
      // A segment a minute.
      await push(topic, 4);
      const firstId = await firstIdOf(topic);
      const oldest = Math.floor(firstId / 4);
      // Kept for ten minutes, and removed soon after: a segment's age counts from the start of the next one.
      assert(
        oldest >= minute - 13 && oldest <= Math.max(0, minute - 10),
        `minute ${minute}: from ${oldest} on`,
      );
    }
  }));

test("retention_acknowledged removes what every named consumer has acknowledged, and no more", () =>
  withClock({ retention_acknowledged: true }, async ({ topic, push }) => {
    await push(topic, 20);
    // No consumer has a position, so none is known to be done.
    assertEquals(await firstIdOf(topic), 0);
    await acknowledgeBelow(topic, "fast", 20);
    await acknowledgeBelow(topic, "slow", 6);
    await push(topic, 8);
    const firstId = await firstIdOf(topic);
    assert(firstId > 0 && firstId <= 6, `first id ${firstId}`);
    await using slow = topic.consumer("slow");
    assertEquals((await slow.pull().wait(0))?.id, 6);
    await acknowledgeBelow(topic, "slow", 18);
    await push(topic, 8);
    const later = await firstIdOf(topic);
    assert(later > 6 && later <= 18, `first id ${later}`);
    // A deleted consumer holds nothing back.
    await topic.deleteConsumer("slow");
    await push(topic, 8);
    assertGreater(await firstIdOf(topic), later);
  }));

test("retention_acknowledged waits for a consumer that has acknowledged nothing in the partition", () =>
  withClock({ retention_acknowledged: true, num_partitions: 2 }, async ({ topic }) => {
    await using producer = topic.producer({ batchSize: 1 });
    const pushAll = async () => {
      for (let n = 0; n < 40; n++) {
        await producer.push({ text: "x".repeat(1000) }, undefined, { partition: n % 2 });
      }
    };
    await pushAll();
    await using other = topic.consumer("other", { partitions: [1] });
    await (await other.pull()).acknowledge();
    await using both = topic.consumer("both");
    for await (const batch of both.batches({ until: "end" })) await batch.at(-1)!.acknowledge();
    await pushAll();
    assertEquals((await topic.describe()).map(({ firstId }) => firstId), [0, 0]);
  }));

test("each of several retention limits removes segments", () =>
  withClock({ retention_bytes: 1e9, retention_seconds: 60, retention_acknowledged: true }, async (store) => {
    const { topic, push, setClock } = store;
    await push(topic, 10);
    await acknowledgeBelow(topic, "a", 1);
    await push(topic, 10);
    assertEquals(await firstIdOf(topic), 0);
    setClock(2 * MINUTE);
    await push(topic, 5);
    await push(topic, 5);
    setClock(4 * MINUTE);
    await push(topic, 5);
    assertGreater(await firstIdOf(topic), 10);
  }));

test("changed retention applies from the next segment on", () =>
  withClock({}, async ({ topic, push, reopen }) => {
    await push(topic, 40);
    assertEquals(await firstIdOf(topic), 0);
    await topic.edit({ retention_bytes: 10_000 });
    await push(await reopen(), 8);
    assertGreater(await firstIdOf(topic), 20);
  }));

test("a reader under retention learns the first id left, and continues there", () =>
  withClock({ retention_bytes: 10_000 }, async ({ topic, push, setClock }) => {
    await push(topic, 4);
    await using reader = topic.consumer("reader");
    let next = 0;
    const reported: number[] = [];
    for (let round = 0; round < 30; round++) {
      setClock(round * SECOND);
      await push(topic, 1 + round % 9);
      try {
        const event = await reader.pull().wait(0);
        assertEquals(event?.id, next);
        next++;
      } catch (error) {
        assert(error instanceof EventGoneError, String(error));
        const firstId = await firstIdOf(topic);
        assertEquals([error.id, error.firstId], [next, firstId]);
        reported.push(firstId);
        next = firstId;
      }
    }
    assertGreater(reported.length, 1);
  }));
