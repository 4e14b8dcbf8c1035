// Every page can be reached from the README, and every link leads to an existing file and heading.
import { assert, assertEquals } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "../harness.ts";

const START = "README.md";

/** The README is also read at npm and JSR, so its links are absolute. */
const REPOSITORY = JSON.parse(readFileSync("package.json", "utf8")).homepage.replace(
  "#readme",
  "/blob/main/",
);

/** The pages that users read. */
const pages = [START, "CHANGELOG.md", "docs", "examples"].flatMap((path) =>
  path.endsWith(".md") ? [path] : [...walkSync(path, { exts: ["md"] })].map((entry) => normalize(entry.path))
);

/** The text of a page without its code. */
function prose(page: string): string {
  return readFileSync(page, "utf8").replace(/^```[^]*?^```$/gm, "").replaceAll(REPOSITORY, "");
}

/** Where the links of a page lead, within the repository: a file and, after "#", one of its headings. */
function targetsOf(page: string): { path: string; heading: string | undefined }[] {
  return [...prose(page).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link]) => {
    const [path, heading] = link.split("#");
    return { path: path === "" ? page : normalize(join(dirname(page), path)), heading };
  });
}

/** The anchor of a heading. */
function anchorsOf(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, "").replaceAll(" ", "-")
  );
}

test("every link of the documentation leads to an existing file and heading", () => {
  const broken = pages.flatMap((page) =>
    targetsOf(page)
      .filter(({ path, heading }) => !existsSync(path) || (heading && !anchorsOf(path).includes(heading)))
      .map(({ path, heading }) => `${page}: ${path}${heading ? `#${heading}` : ""}`)
  );
  assertEquals(broken, []);
});

test("every file of the repository that the documentation names exists", () => {
  // The mutation page names files without their ending.
  const named = pages.filter((page) => page !== "docs/mutation.md").flatMap((page) =>
    [
      ...readFileSync(page, "utf8").matchAll(
        /`((?:src|tools|tests|bench|examples|wasm|page|docs)\/[\w./-]+)/g,
      ),
    ]
      .map(([, path]) => ({ page, path }))
  );
  assert(named.length > 50);
  const missing = named.filter(({ path }) => !existsSync(path));
  assertEquals(missing.map(({ page, path }) => `${page}: ${path}`), []);
});

test("every page of the documentation can be reached from the README", () => {
  const reached = new Set([START]);
  for (const page of reached) {
    for (const { path } of targetsOf(page)) {
      const shown = path.endsWith(".md") ? path : join(path, "README.md");
      if (existsSync(shown)) reached.add(shown);
    }
  }
  assertEquals(pages.filter((page) => !reached.has(page)), []);
});

test("every page of docs/ is in the index of the guide", () => {
  const listed = targetsOf("docs/README.md").map(({ path }) => path);
  const missing = pages.filter((page) => dirname(page) === "docs" && !listed.includes(page));
  assertEquals(missing, ["docs/README.md"]);
});
