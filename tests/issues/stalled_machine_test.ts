// On a machine that stalled for a moment, a live tail left out the few events there were, for ever: reading one
// partition took all the time for a poll, and the others were skipped. A first acknowledgement was stored at once,
// instead of together with those that follow.
import { assertEquals } from "@std/assert";
import { Driver, type Topic } from "../../mod.ts";
import { LivePoll } from "../../src/ui/live_poll.ts";
import { OpenTopics } from "../../src/ui/open_topics.ts";
import { filterOf } from "../../src/ui/filter.ts";
import { Query } from "../../src/ui/query.ts";
import { test } from "../harness.ts";
import { until } from "../waiting.ts";

/** Longer than a poll may take. */
const STALL_MS = 160;

/** The topic, read on a machine that stalls the first time. */
function stalled(topic: Topic): Topic {
  let stalls = 1;
  return new Proxy(topic, {
    get: (target, property) => {
      if (property === "consumer" && stalls-- > 0) {
        const untilMs = performance.now() + STALL_MS;
        while (performance.now() < untilMs);
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

for (const [name, query] of [["", ""], [" with a filter", `?filter={"n":[{"numeric":[">=",0]}]}`]] as const) {
  test(`a live tail${name} shows every one of a few events, however slowly it reads`, async () => {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("t", { num_partitions: 3 });
    await using topic = await driver.openTopic("t");
    await using topics = new OpenTopics(driver, 60_000);
    const slow = stalled(topic);
    topics.use = (_name, use) => use(slow);
    const filter = filterOf(new Query(new URL(`http://localhost/${query}`).searchParams));
    const poll = new LivePoll(topics, { name: "t", only: undefined, filter });
    const seen: string[] = [];
    let skipped = 0;
    const leave = poll.join({
      take: (view) => {
        seen.push(...view.events.map(({ partition, id }) => `${partition}/${id}`));
        skipped += view.skipped;
      },
    });
    await poll.begun;
    await using producer = topic.producer();
    for (let n = 0; n < 6; n++) producer.push({ n }, undefined, { partition: n % 3 });
    await producer.flush();
    await until("all are seen", () => seen.length + skipped >= 6);
    leave();
    assertEquals([seen.toSorted(), skipped], [["0/0", "0/1", "1/0", "1/1", "2/0", "2/1"], 0]);
    await poll.until(new AbortController().signal);
  });
}

test("the first acknowledgement waits for more, even if the machine stalls while it is made", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t");
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  await producer.push({});
  await using consumer = topic.consumer("c");
  const event = await consumer.pull();
  const { now } = performance;
  let ms = 0;
  performance.now = () => ms += STALL_MS;
  try {
    assertEquals(event.acknowledge().completed, false);
  } finally {
    performance.now = now;
  }
});
