// An iteration was left while a call of its next() was pending, as a stream of events or a race of several sources does:
// the call went on waiting, and took the next event, which no one received. And a consumer that was closed during a seek
// failed with `TypeError: Cannot set properties of undefined`.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ClosedError, Driver, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

async function withTopic(engine: string, body: (topic: Topic) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(memoryFolder, "diaspora-left-"));
  try {
    await using driver = await Driver.open(engine, engine === "files" ? { root_path: root } : {});
    await driver.createTopic("topic", { num_partitions: 2 });
    await using topic = await driver.openTopic("topic");
    await body(topic);
  } finally {
    rmSync(root, { recursive: true });
  }
}

for (const engine of ["files", "memory"]) {
  test(`an iteration that is left takes no event any more in the ${engine} driver`, () =>
    withTopic(engine, async (topic) => {
      await using producer = topic.producer("p");
      await using consumer = topic.consumer("c");
      for (const iterate of [() => consumer.events(), () => consumer.events({ timeoutMs: 60_000 })]) {
        for (const isWaiting of [false, true]) {
          const events = iterate();
          const pending = [events.next(), events.next()];
          // The first call finds out that there is no event, and waits.
          if (isWaiting) assertEquals(await consumer.pull().wait(5), undefined);
          assertEquals(await events.return!(), DONE);
          assertEquals(await Promise.all(pending), [DONE, DONE]);
          assertEquals(await events.next(), DONE);
          const id = await producer.push({}, undefined, { partition: 0 });
          assertEquals((await consumer.pull()).id, id);
        }
      }
    }));

  test(`a consumer that is closed during a seek has completed it, or the seek says that it is closed, in the ${engine} driver`, () =>
    withTopic(engine, async (topic) => {
      await using producer = topic.producer("p");
      for (let n = 0; n < 8; n++) await producer.push({}, undefined, { partition: n % 2 });
      const outcomes = new Set<string>();
      for (let turns = 0; turns < 12; turns++) {
        const name = `c${turns}`;
        const consumer = topic.consumer(name);
        const event = await consumer.pull();
        await event.acknowledge();
        const seeking = consumer.seek({ id: 3 }, { store: true }).then(() => "done", (error) => {
          assert(error instanceof ClosedError, String(error.stack));
          return "closed";
        });
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        await consumer.close();
        const outcome = await seeking;
        outcomes.add(outcome);
        const positions = (await topic.lag(name)).map(({ position }) => position);
        if (outcome === "done") assertEquals(positions, [3, 3]);
        else assertEquals(positions.filter((position) => position === 1).length, 1);
        await assertRejects(() => consumer.seek("earliest"), ClosedError);
      }
      assert(outcomes.has("done"));
    }));
}
