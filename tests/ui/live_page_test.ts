// The live tail in a real browser: a fair sample of the events, with constant memory and little processor time,
// and a correct state even when the server is gone.
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import process from "node:process";
import type { CDPSession, Page } from "playwright-core";
import { Driver, type Topic } from "../../mod.ts";
import { PROGRAM, type Running, start, until, withFolder } from "../cli/program.ts";
import { test } from "../harness.ts";
import { browserMissing, look, type Seen } from "./browser.ts";
import { withPage } from "./open_browser.ts";
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
  { page }: Pick<Seen, "page">,
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
        // Its processor time, drawing without a graphics card: 0.1, and half as much again on a busy machine.
        assertLess(share, 0.2, `the main thread is busy ${Math.round(share * 100)} % of the time`);
      } finally {
        await pushing.stop();
      }
    });
  },
);

/** For how long, if asked for: `UI_LIVE_SECONDS=600` is ten minutes. */
const SECONDS = Number(process.env["UI_LIVE_SECONDS"] ?? 0);

/** On a signal, the server collects garbage and writes what it still uses, in bytes, to standard error. */
const REPORT_MEMORY = `data:text/javascript,${
  encodeURIComponent(
    'process.on("SIGUSR2", () => { gc(); gc(); console.error("memory", JSON.stringify(process.memoryUsage())); })',
  )
}`;

/** What uses memory, after everything that can go is gone, in bytes. */
interface Memory {
  page: number;
  serverHeap: number;
  serverBuffers: number;
  /** Physical memory of the server's process, which includes what its allocator keeps. */
  server: number;
}

async function memory(session: CDPSession, server: Running): Promise<Memory> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const reports = () => [...server.stderr().matchAll(/^memory (.*)$/gm)];
  const count = reports().length;
  process.kill(server.child.pid!, "SIGUSR2");
  await until("the server reports its memory", () => reports().length > count);
  const { heapUsed, external, rss } = JSON.parse(reports().at(-1)![1]!) as NodeJS.MemoryUsage;
  return {
    page: metrics.find(({ name }) => name === "JSHeapUsedSize")!.value,
    serverHeap: heapUsed,
    serverBuffers: external,
    server: rss,
  };
}

/** Serves a store by the command, in a process of its own, and shows it in a browser. */
async function lookFromAfar(
  use: (seen: { page: Page; url: string; driver: Driver; server: Running }) => Promise<void>,
): Promise<void> {
  await withFolder(async ({ root }) => {
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("t", {
      num_partitions: 4,
      retention_bytes: 16_000_000,
      segment_bytes: 4_000_000,
    });
    const [node, ...words] = PROGRAM;
    const watched = [node!, "--expose-gc", "--import", REPORT_MEMORY, ...words];
    const server = start([...watched, "ui", "--store", root, "--port", "0"]);
    try {
      await until("the address is printed", () => server.stdout().endsWith("\n"));
      const url = server.stdout().trim();
      await withPage((page) => use({ page, url, driver, server }), (asked) => asked.startsWith(url));
    } finally {
      server.signal("SIGTERM");
      await server.ended;
    }
  });
}

test(
  "ten minutes of a live tail at 10,000 events/s take no more memory than the first seconds",
  {
    skip: SECONDS === 0 ? "takes minutes: UI_LIVE_SECONDS=600 runs it" : browserMissing,
    limitMs: (SECONDS + 120) * 1000,
  },
  async () => {
    await lookFromAfar(async ({ page, url, driver, server }) => {
      await using topic = await driver.openTopic("t");
      await page.goto(`${url}#/topics/t/events?live=1`);
      const pushing = pushSteadily(topic, 10_000);
      try {
        await page.locator("tbody tr").nth(199).waitFor();
        const session = await page.context().newCDPSession(page);
        await session.send("Performance.enable", { timeDomain: "threadTicks" });
        await new Promise((resolve) => setTimeout(resolve, 10_000));
        const [nodes, first] = [await measure({ page }, session), await memory(session, server)];
        const beganMs = performance.now();
        while (performance.now() - beganMs < SECONDS * 1000) {
          await new Promise((resolve) => setTimeout(resolve, Math.min(SECONDS, 10) * 1000));
          const elapsed = Math.round((performance.now() - beganMs) / 1000);
          console.error(`${elapsed} s:`, JSON.stringify(await memory(session, server)));
        }
        const [after, last] = [await measure({ page }, session), await memory(session, server)];
        assertLess(last.page, first.page + 2e6, "memory of the page");
        assertLess(last.serverHeap, first.serverHeap + 4e6, "memory of the server");
        assertLess(last.serverBuffers, first.serverBuffers + 8e6, "buffers of the server");
        assertLess(last.server, first.server + 64e6, "physical memory of the server");
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
      line.restore();
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
