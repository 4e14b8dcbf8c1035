// The live tail in a real browser: a fair sample of the events, with constant memory and little processor time,
// and a correct state even when the server is gone.
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import process from "node:process";
import type { CDPSession } from "playwright-core";
import type { Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { browserMissing, look, type Seen } from "./browser.ts";
import { relay } from "./relay.ts";

const WITH_BROWSER = { skip: browserMissing };

/** Pushes that many events/s, spread unevenly, until it is stopped. */
function pushSteadily(topic: Topic, perSecond: number): { stop(): Promise<void> } {
  let isOver = false;
  const done = (async () => {
    await using producer = topic.producer();
    const beganMs = performance.now();
    for (let n = 0; !isOver;) {
      const due = (performance.now() - beganMs) / 1000 * perSecond;
      // Seven of ten go to one partition.
      for (; n < due; n++) producer.push({ n }, undefined, { partition: n % 10 < 7 ? 0 : n % 4 });
      await producer.flush();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await done;
    },
  };
}

/** Comments and elements of the page, and the main thread's working time, in seconds. */
async function measure(
  { page }: Seen,
  session: CDPSession,
): Promise<{ comments: number; elements: number; taskSeconds: number }> {
  const nodes = await page.evaluate(`(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT);
    let comments = 0;
    while (walker.nextNode()) comments++;
    return { comments, elements: document.querySelectorAll("*").length };
  })()`) as { comments: number; elements: number };
  const { metrics } = await session.send("Performance.getMetrics");
  return { ...nodes, taskSeconds: metrics.find(({ name }) => name === "TaskDuration")!.value };
}

test(
  "a live tail shows a fair sample of every partition and its share, and frees its nodes",
  WITH_BROWSER,
  async () => {
    await look(async (seen) => {
      const { page, go, fill, driver } = seen;
      await fill("t", { num_partitions: 4 }, () => {});
      await using topic = await driver.openTopic("t");
      await go("topics/t/events?live=1");
      await page.getByText("Following new events").waitFor();
      const pushing = pushSteadily(topic, 10_000);
      try {
        await page.getByText(/showing [0-9,]+ of [0-9,]+\/s/).waitFor();
        await page.locator("tbody tr").nth(199).waitFor();
        await new Promise((resolve) => setTimeout(resolve, 3000));
        const shown = await page.locator('tbody td[data-label="Partition"]').allInnerTexts();
        for (const partition of ["0", "1", "2", "3"]) {
          const count = shown.filter((text) => text === partition).length;
          assert(count > 20, `partition ${partition} has ${count} of ${shown.length} rows`);
        }
        const session = await page.context().newCDPSession(page);
        await session.send("Performance.enable", { timeDomain: "threadTicks" });
        const [before, beganMs] = [await measure(seen, session), performance.now()];
        await new Promise((resolve) => setTimeout(resolve, 8000));
        const [after, elapsed] = [await measure(seen, session), (performance.now() - beganMs) / 1000];
        assertEquals(await page.locator("tbody tr").count(), 200);
        assertLess(after.comments, before.comments + 100);
        assertLess(after.elements, before.elements + 100);
        const share = (after.taskSeconds - before.taskSeconds) / elapsed;
        // Its processor time, drawing without a graphics card.
        assertLess(share, 0.15, `the main thread is busy ${Math.round(share * 100)} % of the time`);
      } finally {
        await pushing.stop();
      }
    });
  },
);

/** For how long, if asked for: `UI_LIVE_SECONDS=600` is ten minutes. */
const SECONDS = Number(process.env["UI_LIVE_SECONDS"] ?? 0);

/** The page's memory after everything that can go is gone, and this process's, in bytes. */
async function memory(session: CDPSession): Promise<{ page: number; process: number }> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  return {
    page: metrics.find(({ name }) => name === "JSHeapUsedSize")!.value,
    process: process.memoryUsage().rss,
  };
}

test(
  "ten minutes of a live tail at 10,000 events/s take no more memory than the first seconds",
  {
    skip: SECONDS === 0 ? "takes minutes: UI_LIVE_SECONDS=600 runs it" : browserMissing,
    limitMs: (SECONDS + 120) * 1000,
  },
  async () => {
    await look(async (seen) => {
      const { page, go, fill, driver } = seen;
      await fill("t", { num_partitions: 4, retention_bytes: 16_000_000, segment_bytes: 4_000_000 }, () => {});
      await using topic = await driver.openTopic("t");
      await go("topics/t/events?live=1");
      const pushing = pushSteadily(topic, 10_000);
      try {
        await page.locator("tbody tr").nth(199).waitFor();
        const session = await page.context().newCDPSession(page);
        await session.send("Performance.enable", { timeDomain: "threadTicks" });
        await new Promise((resolve) => setTimeout(resolve, 10_000));
        const [nodes, first] = [await measure(seen, session), await memory(session)];
        const beganMs = performance.now();
        while (performance.now() - beganMs < SECONDS * 1000) {
          await new Promise((resolve) => setTimeout(resolve, Math.min(SECONDS, 10) * 1000));
          const { page: pageBytes, process: processBytes } = await memory(session);
          const elapsed = Math.round((performance.now() - beganMs) / 1000);
          console.error(`${elapsed} s: page ${pageBytes} bytes, server ${processBytes} bytes`);
        }
        const last = await memory(session);
        const after = await measure(seen, session);
        assertLess(last.page, first.page + 4e6, "memory of the page");
        assertLess(last.process, first.process + 64e6, "memory of the server and the producer");
        assertLess(after.comments, nodes.comments + 100);
        assertLess(after.elements, nodes.elements + 100);
        await page.getByText(/showing [0-9,]+ of [0-9,]+\/s/).waitFor();
      } finally {
        await pushing.stop();
      }
    });
  },
);

test(
  "a live tail shows that the server is gone, and what was missed when it is back",
  WITH_BROWSER,
  async () => {
    await look(async ({ page, url, fill, driver, trust }) => {
      await fill("t", { num_partitions: 1 }, () => {});
      await using topic = await driver.openTopic("t");
      await using line = await relay(url);
      trust(line.url);
      await page.goto(`${line.url}#/topics/t/events?live=1`);
      await page.getByText("Following new events").waitFor();
      line.cut();
      await page.getByText("Not connected: the server does not answer").waitFor();
      assertEquals(await page.getByText("Following new events").count(), 0);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await line.restore();
      await page.getByText("Following new events").waitFor();
      assertMatch(
        await page.locator("p.live").innerText(),
        /Was not connected for \d+ s: what came then is not shown/,
      );
      await using producer = topic.producer();
      await producer.push({ after: "the gap" });
      await page.locator("td.metadata").getByText("the gap").waitFor();
    });
  },
);
