import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { isMissing } from "./_errors.ts";

function refuseOther(dir: string | URL, isDirectory: boolean): void {
  if (!isDirectory) {
    throw new Error(`Failed to ensure directory exists: expected 'dir', got another file at '${dir}'`);
  }
}

/** Makes a directory with those above it, unless it is there; anything else of that name is an error. */
export async function ensureDir(dir: string | URL): Promise<void> {
  try {
    return refuseOther(dir, (await stat(dir)).isDirectory());
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await mkdir(dir, { recursive: true });
}

/** {@linkcode ensureDir} without waiting. */
export function ensureDirSync(dir: string | URL): void {
  try {
    return refuseOther(dir, statSync(dir).isDirectory());
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  mkdirSync(dir, { recursive: true });
}
