import { mkdirSync } from "node:fs";

/** Makes a directory with those above it, unless it is there; anything else of that name is an error. */
export function ensureDirSync(dir: string | URL): void {
  mkdirSync(dir, { recursive: true });
}
