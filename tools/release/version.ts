import { readFileSync, writeFileSync } from "node:fs";

/**
 * Where the version is defined. Other files repeat it because their readers look nowhere else; only
 * `setVersion` writes it, and a test compares them.
 */
export const VERSION_FILE = "deno.json";

/** Files that repeat the version, and how to rewrite each. */
const REPEATED: Record<string, (text: string, version: string) => string> = {
  "deno.json": withJsonVersion,
  "package.json": withJsonVersion,
  "package-lock.json": (text, version) => {
    const lock = JSON.parse(text);
    lock.version = version;
    lock.packages[""].version = version;
    return JSON.stringify(lock, null, 2) + "\n";
  },
  "src/ctl/program.ts": (text, version) => text.replace(/VERSION = "[^"]*"/, `VERSION = "${version}"`),
};

/** Changes the first `version` in a JSON text and nothing else, including its layout. */
function withJsonVersion(text: string, version: string): string {
  return text.replace(/("version": )"[^"]*"/, `$1"${version}"`);
}

/** Whether a text is a version that npm and JSR accept, e.g. `1.2.3` or `1.2.3-rc.1`. */
export function isVersion(text: string): boolean {
  return /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/.test(text);
}

/** The version of this source. */
export function readVersion(): string {
  return JSON.parse(readFileSync(VERSION_FILE, "utf8")).version;
}

/** The content that every file that repeats the version should have, by path. */
export function filesWithVersion(version: string, read: (path: string) => string): Map<string, string> {
  return new Map(Object.entries(REPEATED).map(([path, rewrite]) => [path, rewrite(read(path), version)]));
}

/** Writes the version to all these files, and returns those that changed. */
export function setVersion(version: string): string[] {
  const read = (path: string): string => readFileSync(path, "utf8");
  const changed = [...filesWithVersion(version, read)].filter(([path, text]) => text !== read(path));
  for (const [path, text] of changed) writeFileSync(path, text);
  return changed.map(([path]) => path);
}
