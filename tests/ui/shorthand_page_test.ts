// What is typed often: a condition, a word, and an address of one event.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../harness.ts";
import { browserMissing, look } from "./browser.ts";
import { pushMany } from "./served.ts";

const WITH_BROWSER = { skip: browserMissing };

test("conditions and words are searched for, and the pattern is shown", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, shoot }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 500));
    await go("topics/t/events");
    const show = async (filter: string): Promise<void> => {
      await page.getByLabel("Filter").fill(filter);
      await page.getByRole("button", { name: "Show" }).click();
    };
    await show("n >= 10 and n < 14");
    await page.locator("code.pattern", { hasText: '{"n":[{"numeric":[">=",10,"<",14]}]}' }).waitFor();
    await page.getByText("500 of 500 events looked through").waitFor();
    assertEquals(await page.locator(".open-event").count(), 4);
    await show("THIRD");
    await page.getByText("Events whose metadata has the text").waitFor();
    await page.locator(".open-event").nth(49).waitFor();
    const shown = await page.locator("td.metadata").allInnerTexts();
    assertEquals(shown.filter((text) => !text.includes("third")), []);
    await shoot("shorthand");
    await show("n > many");
    await page.getByRole("alert").getByText("“n >” takes a number, found “many”").waitFor();
  });
});

// An answer that arrived before the next frame left the previous search's rows below the new ones.
test(
  "earlier results are cleared, even if the answer arrives before a frame is drawn",
  WITH_BROWSER,
  async () => {
    await look(async ({ page, go, fill }) => {
      await page.addInitScript(
        "const frame = requestAnimationFrame; requestAnimationFrame = (draw) => setTimeout(() => frame(draw), 500);",
      );
      await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 30));
      await go("topics/t/events");
      await page.locator(".open-event").nth(29).waitFor();
      await page.getByLabel("Filter").fill("n >= 10 and n < 14");
      await page.getByRole("button", { name: "Show" }).click();
      await page.getByText("30 of 30 events looked through").waitFor();
      assertEquals(await page.locator(".open-event").count(), 4);
    });
  },
);

test("an address opens one event, and can be copied by a button", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, url }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 500));
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await go("topics/t/events?partition=1&open=77");
    await page.locator("pre.json").waitFor();
    assertEquals(await page.locator("tr.open td:nth-child(3)").innerText(), "77");
    const [metadata, link] = [0, 1].map((at) => page.locator("section button.copy").nth(at));
    await link.filter({ hasText: "Copy link" }).click();
    await link.filter({ hasText: "Copied" }).waitFor();
    assertEquals(
      await page.evaluate("navigator.clipboard.readText()"),
      `${url}#/topics/t/events?partition=1&open=77`,
    );
    await metadata.filter({ hasText: "Copy metadata" }).click();
    await metadata.filter({ hasText: "Copied" }).waitFor();
    assertStringIncludes(await page.evaluate("navigator.clipboard.readText()") as string, '{"n":');
  });
});
