// Search results: as columns, as files, and restored from the address.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../harness.ts";
import { browserMissing, look } from "./browser.ts";
import { later, pushMany } from "./served.ts";

test(
  "fields become columns, results can be saved, and an open event stays open on reload and back",
  { skip: browserMissing },
  async () => {
    await look(async ({ page, go, fill, driver, shoot }) => {
      await fill("t", { num_partitions: 2 }, async (topic) => {
        await pushMany(topic, 200);
        later();
        await using producer = topic.producer();
        await producer.push('{"n":12345678901234567890,"run":{"kind":"test"}}');
      });
      await using topic = await driver.openTopic("t");
      await go("topics/t/events");
      await page.getByLabel("Columns").fill("n, run.kind");
      await page.getByRole("button", { name: "Show" }).click();
      await page.locator("td.field").getByText("12345678901234567890").waitFor();
      const first = page.locator("tbody tr:not(.detail)").first();
      assertEquals(await first.locator("td.field").allInnerTexts(), ["12345678901234567890", "test"]);
      assertEquals(await page.locator("th.field").allInnerTexts(), ["n", "run.kind"]);
      await shoot("columns");

      await page.getByLabel("Filter").fill("n < 20 and kind = third");
      await page.getByRole("button", { name: "Show" }).click();
      await page.getByText("201 of 201 events looked through").waitFor();
      const downloaded = page.waitForEvent("download");
      await page.getByRole("link", { name: "JSON Lines with data" }).click();
      const download = await downloaded;
      assertEquals(download.suggestedFilename(), "t.jsonl");
      let text = "";
      for await (const chunk of await download.createReadStream()) text += chunk;
      const events = text.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(events.map(({ metadata }) => metadata.n).sort((a, b) => a - b), [0, 3, 6, 9, 12, 15, 18]);

      // The events that are open, even though newer ones have arrived since.
      const opened = page.locator("tr.open");
      await page.locator(".open-event").nth(1).click();
      await page.locator(".open-event").nth(3).click();
      await page.locator("pre.json").nth(1).waitFor();
      const cells = await opened.allInnerTexts();
      await pushMany(topic, 60);
      await page.reload();
      await page.locator("pre.json").nth(1).waitFor();
      assertEquals(await opened.allInnerTexts(), cells);
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByRole("heading", { name: "Validator" }).waitFor();
      await page.goBack();
      // Not `pre.json` alone: the settings, which may still be shown, have it too.
      await opened.nth(1).waitFor();
      await page.locator("pre.json").nth(1).waitFor();
      assertEquals(await opened.allInnerTexts(), cells);
      assertStringIncludes(page.url(), "columns=n%2Crun.kind");
      // Also those of the newest events, which change.
      await go("topics/t/events");
      await page.locator(".open-event").first().click();
      await page.locator("pre.json").waitFor();
      const [newest] = await opened.allInnerTexts();
      await pushMany(topic, 120);
      await page.reload();
      await page.locator("pre.json").waitFor();
      assertEquals(await opened.allInnerTexts(), [newest]);
    });
  },
);
