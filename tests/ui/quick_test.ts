// No request of the page takes longer because there is more data. The limits are far above the usual time, and
// far below the time of reading everything.
import { assertEquals, assertLess } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import type { EventsView, Page, Rates, TopicLine } from "../../src/ui/contract.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";
import { serve, type Served } from "./served.ts";

const LIMIT_MS = 3000;
/** Not all of them fall into a moment in which the machine stalls. */
const TRIES = 3;

/** Requests from a new server, which knows nothing yet, until all of its answers are quick. */
async function quickOnce(driver: Driver, ask: (served: Served) => Promise<void>): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await serve(ask, { driver });
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

/** Does something that must be quick. */
async function quickly<R>(what: string, work: Promise<R>): Promise<R> {
  const beganMs = performance.now();
  const result = await work;
  const tookMs = performance.now() - beganMs;
  assertLess(tookMs, Math.max(LIMIT_MS, 300 * await leastWork()), what);
  return result;
}

/** How late a timer is on this machine now, in milliseconds. */
async function leastWork(): Promise<number> {
  const beganMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 0));
  return performance.now() - beganMs;
}

test("a thousand topics are listed quickly", async () => {
  const root_path = mkdtempSync(join(memoryFolder, "diaspora-ui-"));
  try {
    await using driver = await Driver.open("files", { root_path });
    for (let n = 0; n < 1000; n++) await driver.createTopic(`topic-${n}`, { num_partitions: 2 });
    await quickOnce(driver, async ({ get }) => {
      const first = await quickly("the first page", get<Page<TopicLine>>("api/topics"));
      assertEquals([first.total, first.items.length], [1000, 50]);
      const last = await quickly("the last page", get<Page<TopicLine>>("api/topics?offset=950"));
      assertEquals(last.items.at(-1)?.name, "topic-999");
      const found = await quickly("a search", get<Page<TopicLine>>("api/topics?search=-77"));
      assertEquals(found.total, 11);
    });
  } finally {
    rmSync(root_path, { recursive: true });
  }
});

test("a few of a million events are shown quickly", async () => {
  const root_path = mkdtempSync(join(memoryFolder, "diaspora-ui-"));
  try {
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("t", { num_partitions: 1 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer({ batchSize: 5000 });
    for (let n = 0; n < 1_000_000; n++) {
      producer.push(`{"n":${n}}`);
      if (n % 100_000 === 0) await producer.flush();
    }
    await producer.flush();
    await quickOnce(driver, async ({ get }) => {
      const newest = await quickly("the newest", get<EventsView>("api/topics/t/events?limit=10"));
      assertEquals(newest.events[0].id, 999_990);
      const middle = await quickly(
        "those in the middle",
        get<EventsView>("api/topics/t/events?from=500000&limit=1"),
      );
      assertEquals(middle.events[0].metadata, '{"n":500000}');
      const { timestamp } = middle.events[0];
      const then = await quickly(
        "those of a time",
        get<EventsView>(`api/topics/t/events?time=${timestamp}&limit=1`),
      );
      assertEquals(then.events[0].timestamp, timestamp);
      const filter = encodeURIComponent('{"n":["nothing"]}');
      await quickly("a search in vain", get<EventsView>(`api/topics/t/events?filter=${filter}`));
      const rates = await quickly("rates", get<Rates>(`api/topics/t/rates?from=0&to=${Date.now() + 1000}`));
      assertEquals(rates.events.reduce((sum, events) => sum + events, 0), 1_000_000);
    });
  } finally {
    rmSync(root_path, { recursive: true });
  }
});
