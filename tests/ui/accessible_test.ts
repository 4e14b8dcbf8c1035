// Light and dark mode, narrow and wide windows, for sighted users and screen readers.
import { assertEquals, assertNotEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { test } from "../harness.ts";
import { browserMissing, look, type Seen } from "./browser.ts";
import { pushMany } from "./served.ts";

const AXE = fileURLToPath(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url));

/** The findings of an audit of the page, by rule and element. */
async function audit(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const { violations } = await page.evaluate("axe.run(document)") as {
    violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
  };
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`)
  );
}

/** Tabs that are outside the window's width. */
async function tabsOutOfSight(page: Page): Promise<string[]> {
  return await page.evaluate(
    "[...document.querySelectorAll('.tabs a')].filter((tab) => {" +
      " const { left, right } = tab.getBoundingClientRect();" +
      " return left < 0 || right > innerWidth; }).map((tab) => tab.textContent)",
  ) as string[];
}

/** Every view of the page, with some content. */
async function visitAll(
  { page, go, fill, shoot }: Seen,
  name: string,
  visit: () => Promise<void>,
): Promise<void> {
  await fill("t", { num_partitions: 2, segment_bytes: 8192 }, async (topic) => {
    for (let n = 0; n < 10; n++) await pushMany(topic, 100);
    await topic.seekConsumer("late", { id: 10 });
  });
  await fill("empty", { num_partitions: 1 }, () => {});
  const long = "long".repeat(50);
  await fill(long, { num_partitions: 1 }, (topic) => topic.seekConsumer(long, { id: 0 }));
  const places: [route: string, ready: string][] = [
    ["", "tbody tr"],
    ["consumers", "tbody tr"],
    ["health", "button.primary"],
    ["topics/t", ".canvas"],
    ["topics/t/events?partition=0&columns=n,kind", ".open-event"],
    ["topics/t/consumers", "details"],
    ["topics/t/segments", "tbody tr"],
    ["topics/t/verify", "button.primary"],
    ["topics/t/settings", "pre.json"],
    ["topics/empty", "table.list"],
    [`topics/${long}/consumers`, "details"],
    [`topics/${long}/settings`, "pre.json"],
    ["topics/nowhere", ".fault"],
  ];
  for (const [route, ready] of places) {
    await go(route);
    await page.locator(ready).first().waitFor();
    if (route.includes("/events")) await page.locator(".open-event").first().click();
    if (route.endsWith("/consumers")) await page.locator("summary").first().click();
    await visit();
    await shoot(`${name}-${route.replaceAll(/\W+/g, "-") || "topics"}`);
  }
}

/** Only if screenshots are wanted: a phone, and a large screen. */
const PICTURED = process.env["UI_SCREENSHOTS"] === undefined
  ? []
  : [390, 2560].flatMap((width) =>
    (["light", "dark"] as const).map((colorScheme) =>
      [`${colorScheme} ${width}`, {
        colorScheme,
        viewport: { width, height: width > 1000 ? 1300 : 844 },
      }] as const
    )
  );

for (
  const [name, options] of [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { colorScheme: "light", viewport: { width: 320, height: 640 } }],
    ...PICTURED,
  ] as const
) {
  test(
    `an audit of the page, ${name}, finds no accessibility fault`,
    { skip: browserMissing },
    async () => {
      await look(async (seen) => {
        await visitAll(seen, name, async () => {
          assertEquals(await audit(seen.page), [], seen.page.url());
          const overflow = await seen.page.evaluate(
            "document.documentElement.scrollWidth - innerWidth",
          ) as number;
          assertEquals(Math.max(0, overflow), 0, `${seen.page.url()} is wider than the window`);
          assertEquals(await tabsOutOfSight(seen.page), [], seen.page.url());
        });
      }, { bypassCSP: true, ...options });
    },
  );
}

test(
  "the theme follows the system, or what was chosen, and is remembered",
  { skip: browserMissing },
  async () => {
    await look(async ({ page, go }) => {
      const background = (): Promise<unknown> =>
        page.evaluate("getComputedStyle(document.body).backgroundColor");
      await page.emulateMedia({ colorScheme: "light" });
      await go("");
      const light = await background();
      await page.emulateMedia({ colorScheme: "dark" });
      const dark = await background();
      assertNotEquals(light, dark);
      await page.getByLabel("Theme").selectOption("light");
      assertEquals(await background(), light);
      await page.reload();
      await page.locator("h1").waitFor();
      assertEquals(await background(), light);
      await page.getByLabel("Theme").selectOption("system");
      assertEquals(await background(), dark);
    });
  },
);
