import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Node starts a process per file, and Deno loads every module again for each: that costs more than most files
 * do. Returns `count` modules, created in a folder, that import the files; the files themselves if there are
 * not more.
 */
export function groupFiles(files: readonly string[], folder: string, name: string, count: number): string[] {
  if (files.length <= count) return [...files];
  return Array.from({ length: count }, (_, group) => {
    const path = join(folder, `${name}_${group}_test.mjs`);
    writeFileSync(path, importing(files.filter((_, index) => index % count === group)));
    return path;
  });
}

/**
 * A module that imports test files; one that does not load is a failed test, and does not prevent others from
 * running.
 */
function importing(files: readonly string[]): string {
  const urls = files.map((file) => [file, urlOf(file)]);
  return `import { test } from ${JSON.stringify(urlOf("tests/harness.ts"))};
for (const [file, url] of ${JSON.stringify(urls)}) {
  try {
    await import(url);
  } catch (error) {
    test(file + " loads", () => {
      throw error;
    });
  }
}
`;
}

function urlOf(file: string): string {
  return pathToFileURL(resolve(file)).href;
}
