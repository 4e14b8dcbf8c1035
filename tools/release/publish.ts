import process from "node:process";
import { mustRun } from "./programs.ts";

/** A command that publishes something. */
export interface PublishingStep {
  what: string;
  command: [program: string, ...parameters: string[]];
}

/** The commands that publish a version, in order; JSR first, since only it can still refuse. */
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

/** What prevents publishing, one line each; empty if nothing does. */
export function obstacles(
  { version, notes, changes, tags }: {
    version: string;
    /** The version's notes in the changelog. */
    notes: string | undefined;
    /** The output of `git status --porcelain`. */
    changes: string;
    /** Existing tags. */
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
