/** A real browser that shows the page. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { BrowserContextOptions, Page } from "playwright-core";
import { withPage } from "./open_browser.ts";
import { serve, type Served } from "./served.ts";

export { browserMissing } from "./open_browser.ts";

/** With `UI_SCREENSHOTS=FOLDER` in the environment, screenshots are taken, for people to look at. */
const SCREENSHOTS = process.env["UI_SCREENSHOTS"];

/** What a browser test works with. */
export interface Seen extends Served {
  page: Page;
  /** Goes to a view of the page, for example `topics/t/events`. */
  go(route: string): Promise<void>;
  /** Allows the page to request this address, too. */
  trust(url: string): void;
  /** Takes a screenshot, if they are wanted. */
  shoot(name: string): Promise<void>;
}

/** Serves a store and opens the page in a browser. Fails if the page requests anything from another host. */
export async function look(
  use: (seen: Seen) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  await serve(async (served) => {
    const trusted = [served.url, "blob:"];
    const mayAsk = (url: string) => trusted.some((start) => url.startsWith(start));
    await withPage(
      async (page) => {
        const go = async (route: string): Promise<void> => {
          await page.goto(`${served.url}#/${route}`);
          // What was shown before stays for one frame.
          await page.evaluate(
            "new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))",
          );
          await page.locator("h1").waitFor();
        };
        const trust = (url: string): void => void trusted.push(url);
        await use({ ...served, page, go, trust, shoot: (name) => shoot(page, name) });
      },
      mayAsk,
      options,
    );
  });
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
