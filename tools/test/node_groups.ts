import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Processes for Node's tests: starting one costs more than most files do. */
const GROUPS = 6;

/**
 * Node starts a process per file. Returns files that each import several test files, created in a folder, so
 * that it starts few processes. A file that runs `alone` is returned as it is.
 */
export function groupFiles(
  files: readonly string[],
  folder: string,
  alone: (file: string) => boolean,
): string[] {
  const [single, others] = [files.filter(alone), files.filter((file) => !alone(file))];
  if (others.length <= GROUPS) return [...files];
  const groups = Array.from({ length: GROUPS }, (_, group) => {
    const path = join(folder, `group_${group}_test.mjs`);
    writeFileSync(path, importing(others.filter((_, index) => index % GROUPS === group)));
    return path;
  });
  return [...single, ...groups];
}

/**
 * A module that imports test files; one that does not load is a failed test, and does not prevent others from
 * running.
 */
function importing(files: readonly string[]): string {
  const urls = files.map((file) => [file, pathToFileURL(resolve(file)).href]);
  return `import { test } from "node:test";
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
