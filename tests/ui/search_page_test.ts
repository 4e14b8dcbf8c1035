// What the page does if a filter finds few events among many.
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { EventsView } from "../../src/ui/contract.ts";
import { test } from "../harness.ts";
import { browserMissing, look } from "./browser.ts";
import { pushMany } from "./served.ts";

const ONE = encodeURIComponent('{"n": [0]}');

/** Answers searches like a slow server that finds nothing in the events above an id, and no second one `until`. */
async function findNothing(
  page: Page,
  { endId, above, step }: Record<"endId" | "above" | "step", number>,
  until = Promise.resolve(),
): Promise<void> {
  await page.route(/\/events\?.*filter=/, async (route) => {
    const untilId = Number(new URL(route.request().url()).searchParams.get("before") ?? endId);
    if (untilId <= above) return await route.continue();
    const fromId = untilId - step;
    const view: EventsView = { partition: 0, firstId: 0, endId, events: [], damage: [], fromId, untilId };
    if (untilId < endId) await until;
    await new Promise((resolve) => setTimeout(resolve, 20));
    await route.fulfill({ json: view });
  });
}

test("a filter searches until it finds a match", { skip: browserMissing }, async () => {
  await look(async ({ page, go, fill }) => {
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 1000));
    let seen = () => {};
    await findNothing(page, { endId: 1000, above: 500, step: 25 }, new Promise((resolve) => seen = resolve));
    await go(`topics/t/events?partition=0&filter=${ONE}`);
    await page.getByText("Searching").waitFor();
    seen();
    await page.getByText(/^0 to 999 looked through/).waitFor();
    await page.getByText("Searching").waitFor({ state: "detached" });
    assertEquals(await page.locator("table.events tbody td:nth-child(3)").allInnerTexts(), ["0"]);
  });
});

test("a search is stopped by a button, and can be continued", { skip: browserMissing }, async () => {
  await look(async ({ page, go, fill }) => {
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 100));
    await findNothing(page, { endId: 1e9, above: 100, step: 1 });
    await go(`topics/t/events?partition=0&filter=${ONE}`);
    await page.getByText("Nothing found yet").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("No event searched so far matches").waitFor();
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByText("Searching").waitFor();
  });
});
