// Events of all partitions in a real browser: paged in both directions by time, starting at times that people
// type, and a filter that searches everything.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { EventsView, EventView } from "../../src/ui/contract.ts";
import type { Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { browserMissing, look, type Seen } from "./browser.ts";
import { pushMany, serve, type Served } from "./served.ts";

const WITH_BROWSER = { skip: browserMissing };

/** The numbers in the events shown, from the top. */
async function numbers({ page }: Seen): Promise<number[]> {
  const texts = await page.locator("td.metadata").allInnerTexts();
  return texts.map((text) => JSON.parse(text).n);
}

/** Pushes numbers: some partitions fill most of a page, some have nothing. */
async function pushUnevenly(topic: Topic, total: number): Promise<void> {
  const partitions = topic.partitions.length;
  await using producer = topic.producer();
  for (let n = 0; n < total; n++) {
    const partition = n < 0.3 * total ? 3 : n % 7 === 0 ? n % partitions : 5;
    producer.push({ n }, undefined, { partition });
    if (n % 50 === 0) {
      await producer.flush();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** Checks the pages of a search of all partitions, in both directions, for these numbers. */
async function assertPages(get: Served["get"], expected: readonly number[], search = ""): Promise<void> {
  for (const direction of ["older", "newer"] as const) {
    const events: EventView[] = [];
    let query = direction === "older" ? "" : "&time=0";
    for (;;) {
      const { events: page, merged } = await get<EventsView>(`api/topics/t/latest?limit=50${search}${query}`);
      if (direction === "older") events.unshift(...page);
      else events.push(...page);
      if (!(direction === "older" ? merged!.hasOlder : merged!.hasNewer)) break;
      assertEquals(page.length, 50);
      query = `&${direction}=${encodeURIComponent(merged![direction])}`;
    }
    const times = events.map(({ timestamp }) => timestamp);
    assertEquals(times, times.toSorted((one, other) => one - other), `${direction}${search}`);
    const seen = events.map(({ metadata }) => JSON.parse(metadata).n as number);
    assertEquals(seen.toSorted((one, other) => one - other), expected);
  }
}

test("pages of all partitions are in the order of time, without missing or repeated events", async () => {
  await serve(async ({ get, fill }) => {
    await fill("t", { num_partitions: 20 }, (topic) => pushUnevenly(topic, 1000));
    await assertPages(get, Array.from({ length: 1000 }, (_, n) => n));
  });
});

test("so are those of a search, whether it finds all events, some or none", async () => {
  await serve(async ({ get, fill }) => {
    await fill("t", { num_partitions: 7 }, (topic) => pushUnevenly(topic, 300));
    for (const least of [0, 100, 290, 300]) {
      const filter = JSON.stringify({ n: [{ numeric: [">=", least] }] });
      const expected = Array.from({ length: 300 - least }, (_, n) => least + n);
      await assertPages(get, expected, `&filter=${encodeURIComponent(filter)}`);
    }
  });
});

test(
  "paging to older and newer events of all partitions is part of the address",
  WITH_BROWSER,
  async () => {
    await look(async (seen) => {
      const { page, go, fill } = seen;
      await fill("t", { num_partitions: 4 }, async (topic) => {
        for (let n = 0; n < 300; n += 10) await pushMany(topic, 10, n);
      });
      await go("topics/t/events");
      await page.locator(".open-event").nth(49).waitFor();
      assert((await numbers(seen)).every((n) => n >= 240));
      await page.getByRole("button", { name: "Older" }).click();
      await page.locator("td.metadata", { hasText: '"n":199' }).or(
        page.locator("td.metadata", { hasText: '"n":205' }),
      )
        .first().waitFor();
      const second = await numbers(seen);
      assert(second.every((n) => n < 260), String(second));
      await page.reload();
      await page.locator(".open-event").nth(49).waitFor();
      assertEquals(await numbers(seen), second);
      await page.goBack();
      await page.locator("td.metadata", { hasText: '"n":299' }).waitFor();
      await page.getByLabel("Order").selectOption("oldest");
      await page.getByRole("button", { name: "Show" }).click();
      await page.locator("td.metadata", { hasText: '{"n":0,' }).waitFor();
      const first = await numbers(seen);
      assertEquals([first[0], first.length], [0, 50]);
      await page.getByRole("button", { name: "Newer" }).click();
      await page.locator("td.metadata", { hasText: '{"n":0,' }).waitFor({ state: "detached" });
      assert((await numbers(seen)).every((n) => n >= 40));
      await seen.shoot("all-partitions");
    });
  },
);

test(
  "common forms of times are accepted, and others refused with what is expected",
  WITH_BROWSER,
  async () => {
    await look(async (seen) => {
      const { page, go, fill } = seen;
      await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 3000));
      await go("topics/t/events");
      const from = async (text: string): Promise<void> => {
        await page.getByLabel("From").fill(text);
        await page.getByRole("button", { name: "Show" }).click();
      };
      for (const text of ["15m ago", "now-1h30m", "yesterday 14:00", "2001-02-03"]) {
        await from(text);
        await page.locator("td.metadata", { hasText: '{"n":0,' }).first().waitFor();
        assertEquals((await numbers(seen))[0], 0, text);
        await from("");
        await page.locator("td.metadata", { hasText: '{"n":2999,' }).first().waitFor();
      }
      for (const text of ["foo 1", "2026-02-30", "25:00", "last 7", "tomorrow"]) {
        await from(text);
        await page.getByRole("alert").getByText(`“${text}” is neither an id nor a time: write a time such as`)
          .waitFor();
      }
      await from("1,000");
      // Once more: the address stays the same.
      await from("1,000");
      await page.getByRole("alert").getByText("Ids are those of a partition").waitFor();
      await page.getByRole("combobox", { name: "Partition" }).selectOption("1");
      await page.getByText("1,000 to 1,049 of 0 to 1,499").waitFor();
      // The requested event is at the top.
      assertEquals(await page.locator("table.events tbody td:nth-child(3)").first().innerText(), "1,000");
    });
  },
);

test("a filter searches all events of all partitions, and shows its progress", WITH_BROWSER, async () => {
  await look(async (seen) => {
    const { page, go, fill } = seen;
    await fill("t", { num_partitions: 3 }, (topic) => pushMany(topic, 30_000));
    const filter = encodeURIComponent('{"n": [7, 8, 9, 15000, 29999]}');
    await go(`topics/t/events?filter=${filter}`);
    await page.getByText("30,000 of 30,000 events looked through").waitFor();
    // Events of the same millisecond are in any order.
    const found = await numbers(seen);
    assertEquals([found[0], found.toSorted((one, other) => one - other)], [29_999, [
      7,
      8,
      9,
      15_000,
      29_999,
    ]]);
    await go(`topics/nowhere`);
    await page.getByRole("alert").first().waitFor();
    await page.getByText("Loading …").first().waitFor({ state: "detached" });
    assertStringIncludes(await page.getByRole("alert").first().innerText(), "nowhere");
  });
});
