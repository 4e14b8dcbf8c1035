import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMissing } from "./_errors.ts";

function pathOf(dir: string | URL): string {
  return dir instanceof URL ? fileURLToPath(dir) : dir;
}

/** Removes everything in a directory but not the directory; makes it if it is not there. */
export async function emptyDir(dir: string | URL): Promise<void> {
  const path = pathOf(dir);
  try {
    const names = await readdir(path);
    await Promise.all(names.map((name) => rm(join(path, name), { recursive: true })));
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(path, { recursive: true });
  }
}

/** {@linkcode emptyDir} without waiting. */
export function emptyDirSync(dir: string | URL): void {
  const path = pathOf(dir);
  try {
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(path, { recursive: true });
  }
}
