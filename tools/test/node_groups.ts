import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Processes that Node's tests run in: each start costs more than most files do. */
const GROUPS = 6;

/**
 * Node starts a process for every file. Gives files that import several tests each, made in a folder, for which it
 * starts few. A file that runs `alone` stays as it is.
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

/** A module that imports tests; one that does not load is a failed test, and keeps no other from running. */
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
