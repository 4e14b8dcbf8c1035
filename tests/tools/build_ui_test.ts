import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { bundlePage, PAGE_FILES_FILE, pageFilesModule } from "../../tools/build_ui.ts";
import { test } from "../harness.ts";

// Not in a test: the bundler keeps a channel to a worker open.
const files = bundlePage();

test("the generated page is up to date with its sources", () => {
  assertEquals(
    readFileSync(PAGE_FILES_FILE, "utf8") === pageFilesModule(files),
    true,
    "run: npm run build:ui",
  );
});

test("the page type-checks with the browser's and the server's types", () => {
  const { status, stdout } = spawnSync("node", [
    "node_modules/typescript/bin/tsc",
    "-p",
    "page/tsconfig.json",
  ], {
    encoding: "utf8",
  });
  assertEquals([status, stdout], [0, ""]);
});

test("the page contacts no other machine", () => {
  for (const [path, { text }] of Object.entries(files)) {
    // Names of XML namespaces are never requested; licences may contain a URL.
    const addresses = (text.match(/https?:\/\/[^\s"'`)>]+/g) ?? []).filter((url) =>
      !url.startsWith("http://www.w3.org/")
    );
    assertEquals(addresses, [], path);
    assert(!/@import|url\(/.test(path.endsWith(".css") ? text : ""), path);
  }
});
