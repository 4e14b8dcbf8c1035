import { mkdirSync } from "node:fs";

/** Creates a directory and its parents if it does not exist; anything else with that name is an error. */
export function ensureDirSync(dir: string | URL): void {
  mkdirSync(dir, { recursive: true });
}
