import { readdirSync, readlinkSync } from "node:fs";

/**
 * Files at or under a folder that this process has open, so that a test can check that closing leaves none
 * open. Deno's own check does not see files opened through `node:fs`. Empty without `/proc`.
 */
export function openFilesUnder(folder: string): string[] {
  return descriptors().map(targetOf).filter((target) => target !== undefined)
    .filter((target) => target === folder || target.startsWith(`${folder}/`));
}

function descriptors(): string[] {
  try {
    return readdirSync("/proc/self/fd");
  } catch {
    return [];
  }
}

function targetOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // Closed since it was listed.
    return undefined;
  }
}
