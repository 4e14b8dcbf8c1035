import process from "node:process";
import { mustRun } from "./programs.ts";

/** A command that makes something public. */
export interface PublishingStep {
  what: string;
  command: [program: string, ...parameters: string[]];
}

/** What publishing a version takes, in order; JSR first, since it alone can still refuse. */
export function publishingSteps(
  { version, tarball }: { version: string; tarball: string },
): PublishingStep[] {
  return [
    { what: "JSR", command: [process.execPath, "publish", "--config", "deno.json"] },
    { what: "npm", command: ["npm", "publish", "--access", "public", tarball] },
    {
      what: "the tag",
      command: ["git", "tag", "--annotate", `v${version}`, "--message", `Version ${version}`],
    },
  ];
}

/** What stands against publishing, each in a line; nothing where all is well. */
export function obstacles(
  { version, notes, changes, tags }: {
    version: string;
    /** What the changelog says of the version. */
    notes: string | undefined;
    /** What `git status --porcelain` says. */
    changes: string;
    /** Tags that there are. */
    tags: readonly string[];
  },
): string[] {
  const found: string[] = [];
  if (notes === undefined) found.push(`CHANGELOG.md has no notes of ${version}`);
  if (changes !== "") found.push("there are changes that no commit has");
  if (tags.includes(`v${version}`)) found.push(`there is a tag "v${version}" already`);
  return found;
}

/** Asks git for what `obstacles` needs. */
export function stateOfRepository(): { changes: string; tags: string[] } {
  return {
    changes: mustRun("git", ["status", "--porcelain"]).stdout,
    tags: mustRun("git", ["tag", "--list"]).stdout.split("\n"),
  };
}
