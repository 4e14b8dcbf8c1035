// The site that `npm run docs` builds, opened from its folder without a server: start page, search, light and
// dark mode.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildSite, deadLinks } from "../../tools/docs/site.ts";
import { test } from "../harness.ts";
import { browserMissing, withPage } from "./open_browser.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

async function withSite(use: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-site-"));
  try {
    buildSite(root, folder);
    // Normally written by the API generator.
    mkdirSync(join(folder, "api"));
    writeFileSync(join(folder, "api/index.html"), "<h1>API</h1>");
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("no link of the site is dead, and a dead link is detected", async () => {
  await withSite((folder) => {
    assertEquals(deadLinks(folder), []);
    const text = (path: string): string => readFileSync(join(folder, path), "utf8");
    // The README names its pictures by URL.
    for (const path of ["readme.html", "index.html"]) {
      assertStringIncludes(text(path), 'src="docs/pictures/events-light.png"');
    }
    assertStringIncludes(text("docs/performance.html"), '<figure class="plots"><svg');
    writeFileSync(
      join(folder, "odd.html"),
      '<a href="docs/nowhere.html">a</a><a href="docs/ctl.html#nowhere">b</a>',
    );
    assertEquals(deadLinks(folder), ["odd.html: docs/nowhere.html", "odd.html: docs/ctl.html#nowhere"]);
  });
});

test(
  "the site has three ways to install, pages and a search, without a server",
  { skip: browserMissing },
  async () => {
    await withSite(async (folder) => {
      const home = pathToFileURL(folder).href;
      await withPage(async (page) => {
        await page.goto(`${home}/index.html`);
        assertEquals(await page.locator(".ways h3").allInnerTexts(), ["npm", "JSR", "Binary"]);
        await page.getByRole("link", { name: "Producers", exact: true }).click();
        await page.locator("h1", { hasText: /^Producers$/ }).waitFor();
        await page.getByLabel("Search").fill("maxPendingBytes producer");
        const found = page.locator("#found a");
        await found.first().waitFor();
        assert(await found.count() > 1);
        await page.getByLabel("Search").fill("flush_behavior durability");
        const address = await page.evaluate("document.querySelector('#found a').href") as string;
        await found.first().click();
        await page.waitForURL(address);
        assertStringIncludes(await page.locator("main").innerText(), "flush_behavior");
        // On a phone, the list of pages is closed, and long names and words fit.
        await page.setViewportSize({ width: 390, height: 800 });
        for (const path of ["examples/detector_images/watch_region.ts.html", "docs/mutation.html"]) {
          await page.goto(`${home}/${path}`);
          assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 390, path);
          assertEquals(await page.getByRole("link", { name: "Producers", exact: true }).isVisible(), false);
        }
      }, (url) => url.startsWith(home));
    });
  },
);

test("the site follows the reader's preference for dark", { skip: browserMissing }, async () => {
  await withSite(async (folder) => {
    const home = pathToFileURL(folder).href;
    const backs: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await withPage(
        async (page) => {
          await page.goto(`${home}/docs/compare.html`);
          backs.push(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
          // The screenshots match the reader's light or dark mode, and exist.
          await page.goto(`${home}/docs/ui.html`);
          const shown: { src: string; width: number }[] = await page.locator("main img").evaluateAll((all) =>
            (all as unknown as { currentSrc: string; naturalWidth: number }[])
              .map(({ currentSrc, naturalWidth }) => ({ src: currentSrc, width: naturalWidth }))
          );
          assertEquals(shown.map(({ width }) => width), [1200, 1200, 1200]);
          for (const { src } of shown) assertStringIncludes(src, `-${colorScheme}.png`);
        },
        (url) => url.startsWith(home),
        { colorScheme },
      );
    }
    assertEquals(backs, ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]);
  });
});
