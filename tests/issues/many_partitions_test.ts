// A web page about a topic with 600 partitions and 60 consumers took minutes: for a consumer's lag, its folder
// was listed once per partition; reading one partition up to an id queried all of them; and every live tail
// polled separately.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type Event, type Topic } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { LiveView } from "../../src/ui/contract.ts";
import { LivePoll } from "../../src/ui/live_poll.ts";
import { OpenTopics } from "../../src/ui/open_topics.ts";
import { test } from "../harness.ts";

const PARTITIONS = 20;

/** A topic with an event in each partition; `seen` are the paths that are accessed. */
async function withTopic(
  use: (topic: Topic, driver: Driver, seen: string[]) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-many-"));
  const seen: string[] = [];
  const storage = {
    ...nodeStorage,
    list: (path: string) => {
      seen.push(path);
      return nodeStorage.list(path);
    },
    stat: (path: string) => {
      seen.push(path);
      return nodeStorage.stat(path);
    },
  };
  try {
    await using driver = Driver.from(new FilesDriver({ root_path: folder }, storage));
    await driver.createTopic("t", { num_partitions: PARTITIONS });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    for (let n = 0; n < PARTITIONS; n++) producer.push({ n }, undefined, { partition: n });
    await producer.flush();
    await use(topic, driver, seen);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the lag of a consumer lists its folder once, however many partitions there are", async () => {
  await withTopic(async (topic, _driver, seen) => {
    await topic.seekConsumer("late", { id: 0 });
    await topic.lag("late");
    seen.length = 0;
    assertEquals((await topic.lag("late")).map(({ events }) => events), new Array(PARTITIONS).fill(1));
    assertEquals(seen.filter((path) => path.endsWith("consumers/late")).length <= 2, true, seen.join("\n"));
  });
});

test("a consumer of all partitions, and a trim by what it acknowledged, list its folder as often as for one", async () => {
  await withTopic(async (topic, _driver, seen) => {
    await topic.seekConsumer("late", { id: 1 });
    const listings = async (work: () => Promise<void>) => {
      seen.length = 0;
      await work();
      return seen.filter((path) => path.endsWith("consumers/late")).length;
    };
    for (const partitions of [[0], topic.partitions.map(({ partition_id }) => partition_id)]) {
      const opening = await listings(async () => {
        await using consumer = topic.consumer("late", { partitions });
        await consumer.ready();
      });
      const trimming = await listings(async () => {
        const trimmed = await topic.trim({ acknowledged: true, dryRun: true, partitions });
        assertEquals(trimmed.map(({ firstId }) => firstId), partitions.map(() => 1));
      });
      assertEquals(
        opening <= 4 && trimming <= 3,
        true,
        `${opening} and ${trimming} for ${partitions.length}`,
      );
    }
  });
});

// Joining a group on a topic with 1,000 partitions took 30 s: the folder, which has the files of all of them, was listed
// four to eight times for each partition that the member took over.
test("a member that joins lists its consumer's folder three times at most, however many partitions it takes over", async () => {
  await withTopic(async (topic, _driver, seen) => {
    const listings: number[] = [];
    // The sixth finds so many files that it folds them.
    for (let time = 0; time < 6; time++) {
      seen.length = 0;
      await using member = topic.consumer("workers", { group: true });
      await member.ready();
      listings.push(seen.filter((path) => path.endsWith("consumers/workers")).length);
    }
    // Once it is looked at, without a listing.
    assertEquals(listings.every((count) => count <= 4), true, String(listings));
  });
});

// Each first acknowledgement of a partition listed the folder three times.
test("the first acknowledgement of a partition lists its consumer's folder once, also where it has many files", async () => {
  await withTopic(async (topic, _driver, seen) => {
    const listings: number[] = [];
    for (let time = 0; time < 6; time++) {
      await topic.producer().push({ time }, undefined, { partition: 3 });
      await using consumer = topic.consumer("alone", { partitions: [3] });
      const event = await consumer.pull();
      seen.length = 0;
      await event.acknowledge();
      listings.push(seen.filter((path) => path.endsWith("consumers/alone")).length);
    }
    assertEquals(listings, [1, 1, 1, 1, 1, 1]);
  });
});

// First acknowledgements of 3,000 partitions took 3 to 9 s on Node, since the folder was listed for each of them.
test("first acknowledgements of several partitions list their consumer's folder once", async () => {
  await withTopic(async (topic, _driver, seen) => {
    const producer = topic.producer();
    const partitions = [1, 2, 3];
    for (const partition of partitions) await producer.push({ partition }, undefined, { partition });
    await using consumer = topic.consumer("alone", { partitions });
    const events: Event[] = [];
    for await (const event of consumer.events({ until: "end" })) events.push(event);
    seen.length = 0;
    await Promise.all(events.map((event) => event.acknowledge()));
    assertEquals(seen.filter((path) => path.endsWith("consumers/alone")).length, 1);
    assertEquals((await topic.lag("alone")).map(({ acknowledged }) => acknowledged).slice(0, 5), [
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});

test("reading one partition up to an id reads no other one", async () => {
  await withTopic(async (topic, _driver, seen) => {
    await using consumer = topic.consumer("reader", { partitions: [3] });
    await consumer.ready();
    seen.length = 0;
    const ids: number[] = [];
    for await (const event of consumer.events({ until: { id: 1 } })) ids.push(event.id);
    assertEquals(ids, [0]);
    assertEquals(seen.filter((path) => /partitions\/\d+/.test(path) && !path.includes("00000003")), []);
  });
});

test("many live tails share one poll of their topic, and the last to leave ends it", async () => {
  await withTopic(async (topic, driver) => {
    await using topics = new OpenTopics(driver, 60_000);
    const poll = new LivePoll(topics, { name: "t", only: undefined, filter: undefined });
    const heard: LiveView[][] = Array.from({ length: 50 }, () => []);
    let tellAll = () => {};
    const allHeard = new Promise<void>((resolve) => tellAll = resolve);
    const leave = heard.map((views, index) =>
      poll.join({
        take: (view) => {
          views.push(view);
          if (index === heard.length - 1) tellAll();
        },
      })
    );
    await poll.begun;
    await using producer = topic.producer();
    await producer.push({ n: "new" }, undefined, { partition: 7 });
    await allHeard;
    assertEquals(new Set(heard.map((views) => JSON.stringify(views))).size, 1);
    assertEquals(heard[0][0].events.map(({ partition }) => partition), [7]);
    for (const end of leave.slice(1)) end();
    assertEquals(poll.isOver, false);
    leave[0]();
    assertEquals(poll.isOver, true);
    await poll.until(new AbortController().signal);
  });
});
