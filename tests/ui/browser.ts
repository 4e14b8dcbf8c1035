/** A real browser that looks at the page. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { BrowserContextOptions, Page } from "playwright-core";
import { findChromium } from "./chromium.ts";
import { serve, type Served } from "./served.ts";

const CHROMIUM = findChromium();
const START_MS_MAX = 120_000;
/** For a condition that comes in a moment where nothing else runs. */
const WAIT_MS_MAX = 60_000;
/** With `UI_SCREENSHOTS=FOLDER` in the environment pictures are taken, for people to look at. */
const SCREENSHOTS = process.env["UI_SCREENSHOTS"];

/** Why a test that needs a browser is skipped, or false. */
export const browserMissing: string | false = "missing" in CHROMIUM ? CHROMIUM.missing : false;

/** What a test with a browser works with. */
export interface Seen extends Served {
  page: Page;
  /** Goes to a place of the page, `topics/t/events` for example. */
  go(route: string): Promise<void>;
  /** Takes a picture, where pictures are wanted. */
  shoot(name: string): Promise<void>;
}

/**
 * Serves a store and opens the page in a browser. Fails when the page asks another machine, when a script fails, or
 * when anything is against the page's own policy.
 */
export async function look(
  use: (seen: Seen) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  if ("missing" in CHROMIUM) throw new Error(CHROMIUM.missing);
  const { path: executablePath, environment } = CHROMIUM;
  const { chromium } = await import("playwright-core");
  await serve(async (served) => {
    const folder = mkdtempSync(join(tmpdir(), "diaspora-browser-"));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath,
      env: { ...process.env, ...environment } as Record<string, string>,
      headless: true,
      timeout: START_MS_MAX,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    try {
      const complaints: string[] = [];
      const page = await context.newPage();
      page.setDefaultTimeout(WAIT_MS_MAX);
      page.on("pageerror", (error) => complaints.push(`a script failed: ${error.message}`));
      page.on("dialog", (dialog) => {
        complaints.push(`a dialog came up: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("console", (message) => {
        const text = message.text();
        // What the tests provoke is not a fault of the page.
        if (message.type() === "error" && !text.startsWith("Failed to load resource")) complaints.push(text);
      });
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(served.url) && !url.startsWith("blob:")) complaints.push(`it asked ${url}`);
      });
      const go = async (route: string): Promise<void> => {
        await page.goto(`${served.url}#/${route}`);
        await page.locator("h1").waitFor();
      };
      await use({ ...served, page, go, shoot: (name) => shoot(page, name) });
      if (complaints.length > 0) throw new Error(complaints.join("\n"));
    } finally {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
