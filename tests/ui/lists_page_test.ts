// The lists of the whole store: sorted, searched, and restored from the address.
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { until } from "../waiting.ts";
import { browserMissing, look } from "./browser.ts";
import { pushMany } from "./served.ts";

test(
  "topics are sorted and show lag and rate; consumers of all topics are listed; the address keeps it",
  { skip: browserMissing },
  async () => {
    await look(async ({ page, go, fill, shoot }) => {
      for (
        const [name, events, next] of [["apples", 30, 25], ["pears", 300, 100], ["plums", 100, 0]] as const
      ) {
        await fill(name, { num_partitions: 1 }, async (topic) => {
          await pushMany(topic, events);
          if (next > 0) await topic.seekConsumer("archiver", { id: next });
          if (next > 30) await topic.seekConsumer("late", { id: 0 });
        });
      }
      const names = page.locator("tbody th");
      await go("");
      await page.getByRole("img", { name: /^up to .*\/s in the last hour$/ }).nth(2).waitFor();
      await page.locator("th[aria-sort=ascending]", { hasText: "Topic" }).waitFor();
      await page.getByRole("button", { name: "Events" }).click();
      // A topic that was not read yet is last for a moment.
      for (const [at, name] of ["pears", "plums", "apples"].entries()) {
        await names.nth(at).getByText(name).waitFor();
      }
      await page.getByRole("button", { name: "Most lag" }).click();
      const lag = page.locator('[data-label="Most lag"]');
      for (const [at, text] of ["300", "5", "no consumer"].entries()) {
        await lag.nth(at).getByText(text, { exact: true }).waitFor();
      }
      for (const [at, name] of ["pears", "apples", "plums"].entries()) {
        await names.nth(at).getByText(name).waitFor();
      }
      await shoot("topics-sorted");
      await page.getByRole("searchbox").fill("p");
      await page.getByRole("searchbox").fill("pl");
      await page.getByText("2 topics found").waitFor();
      // There and back, and again.
      await page.getByRole("link", { name: "apples" }).click();
      await page.getByRole("heading", { level: 1, name: "apples" }).waitFor();
      await page.goBack();
      await page.getByText("2 topics found").waitFor();
      await page.reload();
      await page.getByText("2 topics found").waitFor();
      assertEquals(await page.getByRole("searchbox").inputValue(), "pl");
      await page.locator("th[aria-sort=descending]", { hasText: "Most lag" }).waitFor();
      await page.getByRole("navigation", { name: "Parts of the page" }).getByText("Consumers").click();
      await page.getByText("3 consumers").waitFor();
      // On a busy machine, the first answer does not cover all topics.
      const expected = ["late pears 300", "archiver pears 200", "archiver apples 5"];
      await until("the consumers are known", async () => {
        const rows = await page.locator("tbody tr").allInnerTexts();
        return rows.map((row) => row.split("\t").slice(0, 3).join(" ")).join() === expected.join();
      });
      await shoot("all-consumers");
      await page.getByRole("button", { name: "Topic" }).click();
      await names.first().getByText("archiver").waitFor();
      await page.locator("tbody tr").first().getByRole("link", { name: "apples" }).waitFor();
    });
  },
);

test("an address edited by hand says what is wrong with it", { skip: browserMissing }, async () => {
  await look(async ({ page, go, fill }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 10));
    for (const tab of ["events", "segments"]) {
      await go(`topics/t/${tab}?partition=x`);
      await page.getByText("“x” is not the number of a partition").waitFor();
    }
    await go("topics/t/events?partition=0&filter=missing");
    await page.getByText("No event matches the filter.").waitFor();
    await go("topics/t/events?filter=missing");
    await page.getByText("No event matches the filter.").waitFor();
    await go("topics/nowhere");
    await page.getByText('no such topic under "').waitFor();
    await page.locator(".tabs").waitFor({ state: "detached" });
    await go("nothing/here");
    await page.getByText("There is nothing at “nothing/here”").waitFor();
    await page.getByRole("link", { name: "Show the topics" }).click();
    await page.getByRole("link", { name: "t", exact: true }).waitFor();
  });
});
