import { deepEqual, equal, ok } from "node:assert/strict";
import type { Topic } from "../topic.ts";
import { fails, nth, type Numbered, range, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

const PADDING = "x".repeat(1000);

/** Stores ten events of a kilobyte, each in a batch of its own: enough for engines with segments to roll. */
async function storeTen(topic: Topic<Numbered>, first: number): Promise<void> {
  await using producer = topic.producer("conformance", { batchSize: 1 });
  for (const n of range(first, 10)) producer.push(JSON.stringify({ n, PADDING }));
  await producer.flush();
}

/** Rules about removing the oldest events. */
export const trimmingRules: readonly Rule[] = [
  {
    name: "trim() removes from the front, and ids do not change",
    needs: ["trimming", "description"],
    async check(fixture) {
      await using topic = await fixture.topic();
      for (const first of [0, 10, 20]) await storeTen(topic, first);
      const planned = await topic.trim({ beforeId: 30, dryRun: true });
      equal(nth(await topic.describe(), 0).firstId, 0);
      const removed = await topic.trim({ beforeId: 30 });
      deepEqual(removed, planned);
      const { firstId, nextId } = nth(await topic.describe(), 0);
      equal(nth(removed, 0).firstIdBefore, 0);
      equal(nth(removed, 0).firstId, firstId);
      ok(firstId > 0 && firstId <= 30, `first id ${firstId}`);
      equal(nextId, 30);
      ok(nth(removed, 0).bytes > 0);
      await storeTen(topic, 30);
      await using consumer = topic.consumer("c");
      const event = await fixture.one(consumer);
      equal(event.id, firstId);
      equal(event.metadata.n, firstId);
    },
  },
  {
    name: "a reader whose next event was removed gets one error, and continues",
    needs: ["trimming", "seeking"],
    async check(fixture) {
      await using topic = await fixture.topic();
      for (const first of [0, 10, 20]) await storeTen(topic, first);
      await using consumer = topic.consumer("c");
      await consumer.ready();
      const { firstId } = nth(await topic.trim({ beforeId: 30 }), 0);
      ok(firstId > 0);
      await storeTen(topic, 30);
      await fails("ERR_EVENT_GONE", () => consumer.pull().wait(fixture.patienceMs));
      equal((await fixture.one(consumer)).id, firstId);
      await consumer.seek({ id: 0 });
      await fails("ERR_EVENT_GONE", () => consumer.pull().wait(fixture.patienceMs));
      equal((await fixture.one(consumer)).id, firstId);
    },
  },
  {
    name: "a reader whose events were all removed gets one error as well, wherever it began",
    needs: ["trimming", "seeking"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await using early = topic.consumer("early");
      await early.ready();
      await storeTen(topic, 0);
      const { firstId } = nth(await topic.trim({ beforeId: 10 }), 0);
      // Engines may keep the newest events.
      if (firstId < 10) return;
      await using late = topic.consumer("late", { from: { id: 3 } });
      for (const consumer of [early, late]) {
        await fails("ERR_EVENT_GONE", () => consumer.pull().wait(fixture.patienceMs));
      }
      await store(topic, 1, 10);
      for (const consumer of [early, late]) equal((await fixture.one(consumer)).id, 10);
    },
  },
  {
    name: "trim({ acknowledged }) keeps what a name has not acknowledged",
    needs: ["trimming", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic();
      for (const first of [0, 10, 20]) await storeTen(topic, first);
      equal(nth(await topic.trim({ acknowledged: true }), 0).firstId, 0);
      await using consumer = topic.consumer("worker");
      await nth(await fixture.take(consumer, 15), 14).acknowledge();
      const { firstId } = nth(await topic.trim({ acknowledged: true }), 0);
      ok(firstId > 0 && firstId <= 15, `first id ${firstId}`);
      deepEqual((await fixture.one(consumer)).id, 15);
    },
  },
  {
    name: "trim() without a condition or with an unknown one is refused",
    needs: ["trimming"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await fails("ERR_INVALID_OPTION", () => topic.trim({}));
      await fails("ERR_INVALID_OPTION", () => topic.trim({ beforeID: 3 } as never));
      await fails("ERR_NO_SUCH_PARTITION", () => topic.trim({ beforeId: 1, partitions: [1] }));
    },
  },
];
