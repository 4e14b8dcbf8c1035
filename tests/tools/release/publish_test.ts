import { assertEquals } from "@std/assert";
import { obstacles, publishingSteps } from "../../../tools/release/publish.ts";
import { test } from "../../harness.ts";

test("obstacles() finds nothing for a committed version with notes and without a tag", () => {
  assertEquals(obstacles({ version: "0.2.0", notes: "- New.", changes: "", tags: ["v0.1.0", ""] }), []);
});

test("obstacles() reports missing notes, uncommitted changes and an existing tag", () => {
  const found = obstacles({ version: "0.2.0", notes: undefined, changes: " M mod.ts\n", tags: ["v0.2.0"] });
  assertEquals(found, [
    "CHANGELOG.md has no notes of 0.2.0",
    "there are changes that no commit has",
    'there is a tag "v0.2.0" already',
  ]);
});

test("publishingSteps() publishes to JSR, then the build to npm, and then tags the commit", () => {
  const steps = publishingSteps({ version: "0.2.0", tarball: "dist/release/diaspora-stream-0.2.0.tgz" });
  assertEquals(steps.map(({ what }) => what), ["JSR", "npm", "the tag"]);
  assertEquals(steps[1].command.at(-1), "dist/release/diaspora-stream-0.2.0.tgz");
  assertEquals(steps[2].command.slice(0, 4), ["git", "tag", "--annotate", "v0.2.0"]);
});
