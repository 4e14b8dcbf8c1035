import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Removes everything in a directory but not the directory; creates it if it does not exist. */
export function emptyDirSync(dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
}
