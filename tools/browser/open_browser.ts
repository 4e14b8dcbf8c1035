/** Opens a page in a real browser, and fails on errors in it that would go unnoticed. */
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { findChromium } from "./chromium.ts";

const CHROMIUM = findChromium();
const START_MS_MAX = 120_000;
/** How long the browser waits for another test. */
const IDLE_MS = 500;
/** Time limit for a condition, which on an idle machine holds within moments. */
const WAIT_MS_MAX = 60_000;

/** Why a test that needs a browser is skipped, or false. */
export const browserMissing: string | false = "missing" in CHROMIUM ? CHROMIUM.missing : false;

let opening: Promise<Browser> | undefined;
let closing: ReturnType<typeof setTimeout> | undefined;

/** The browser of all tests of this process, each of which sees what it keeps alone. */
function opened(): Promise<Browser> {
  clearTimeout(closing);
  return opening ??= open();
}

async function open(): Promise<Browser> {
  if ("missing" in CHROMIUM) throw new Error(CHROMIUM.missing);
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath: CHROMIUM.path,
    env: { ...process.env, ...CHROMIUM.environment } as Record<string, string>,
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
  });
}

/** Closes it when no test has come for a while: it would keep the process running. */
function closeWhenIdle(browser: Browser): void {
  closing = setTimeout(() => {
    opening = undefined;
    void browser.close();
  }, IDLE_MS);
}

/**
 * Fails if the page requests anything that `mayAsk` does not allow, if a script fails, or if anything
 * violates the page's content security policy.
 */
export async function withPage(
  use: (page: Page) => Promise<void>,
  mayAsk: (url: string) => boolean,
  options: BrowserContextOptions = {},
): Promise<void> {
  const browser = await opened();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
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
      // Errors that the tests provoke are not faults of the page.
      if (message.type() === "error" && !text.startsWith("Failed to load resource")) complaints.push(text);
    });
    page.on("request", (request) => {
      if (!mayAsk(request.url())) complaints.push(`it asked ${request.url()}`);
    });
    await use(page);
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
  } finally {
    await context.close();
    closeWhenIdle(browser);
  }
}
