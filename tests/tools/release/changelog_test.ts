import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { notesOf, withVersionNamed } from "../../../tools/release/changelog.ts";
import { test } from "../../harness.ts";

const CHANGELOG = `# Changelog

## Unreleased

- New.

## 0.2.0 (2026-01-02)

- Second.
  More of it.

## 0.1.0 (2025-01-02)

- First.
`;

test("notesOf() returns the notes of a version, and nothing for a missing one", () => {
  assertEquals(notesOf(CHANGELOG, "0.2.0"), "- Second.\n  More of it.");
  assertEquals(notesOf(CHANGELOG, "0.1.0"), "- First.");
  assertEquals(notesOf(CHANGELOG, "0.1"), undefined);
  assertEquals(notesOf("# Changelog\n\n## 0.1.0\n", "0.1.0"), undefined);
});

test("withVersionNamed() moves the unreleased notes to a version", () => {
  const named = withVersionNamed(CHANGELOG, { version: "0.3.0", date: "2026-02-03" }) ?? "";
  assertEquals(notesOf(named, "0.3.0"), "- New.");
  assertEquals(named.includes("## 0.3.0 (2026-02-03)\n"), true);
  assertEquals(notesOf(named, "Unreleased"), undefined);
  assertEquals(notesOf(named, "0.2.0"), notesOf(CHANGELOG, "0.2.0"));
  assertEquals(withVersionNamed(named, { version: "0.4.0", date: "2026-02-04" }), undefined);
});

test("the project's changelog has unreleased notes, or notes of the version in deno.json", () => {
  const { version } = JSON.parse(readFileSync("deno.json", "utf8"));
  const changelog = readFileSync("CHANGELOG.md", "utf8");
  assertEquals((notesOf(changelog, "Unreleased") ?? notesOf(changelog, version)) !== undefined, true);
});
