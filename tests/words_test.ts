// The words of this code base: each has one meaning, and is standard in the field or plain English. The words
// on the left were used before, and must not come back.
import { assertEquals } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import { test } from "./harness.ts";

/** Words not to use, and what to use instead. */
const WORDS: readonly [word: RegExp, instead: string][] = [
  [/\b(?:somebody|whoever)\b/i, "another process, the caller, who"],
  [/\bnobody\b/i, "no one"],
  [/\bbehind (?:the|it|them|that|this|those|an?|others?|its|what|which|everything)\b/i, "after, past"],
  [/\b(?:told|unfit)\b/i, "reported, gets, learns; invalid"],
  [/\bmend(?:s|ed|ing)?\b/i, "fix, remedy"],
  [/(?<!there )\bis no (?!longer\b|one\b|more\b|such\b|earlier\b)\w/i, "is not a"],
  [/\b(?:keep|needs) notes?\b/i, "dependency marker"],
  [/\bvoid frames?\b|\blost ?[fF]rames?\b/, "discarded frame, tombstone"],
  [/\b(?:events|bytes) a second\b/i, "events/s, bytes/s"],
  [/\bgives how\b|\bgood until\b/i, "returns, valid until"],
  [/\b(?:lanes?|FailureLedger|forgive)\b/i, "partition batcher, unobserved failures"],
  [/\b(?:GapCost|passGap|passAt|placeAfter|fruitless)\b/, "ids a gap spans, entry, log position, last miss"],
];

/**
 * Files in which a word means something else: because a system, a library or an earlier version calls it
 * that.
 */
const ELSEWHERE: readonly [file: RegExp, word: RegExp][] = [
  // The npm scripts that run at the same time.
  [/^tests\/packaging\/npm_scripts_test\.ts$/, /lane/i],
  // Parts of a vector of bytes.
  [/^wasm\//, /lane/],
];

const FOLDERS = ["bench", "docs", "examples", "page", "src", "tests", "tools", "wasm"];

/** Generated from files that are checked here, or stores that earlier versions wrote. */
const MADE =
  /^(?:src\/ui\/page_files\.ts|src\/log\/format\/core\/core_bytes\.ts|tests\/golden\/.*|tests\/words_test\.ts)$/;

test("the whole tree uses the field's terms and plain English", () => {
  const paths = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "cli.ts",
    "mod.ts",
    "npm-build.ts",
    ...FOLDERS.flatMap((folder) =>
      [...walkSync(folder, {
        match: [/\.(?:ts|mjs|md|json|yaml|pml|css|html)$/],
        // What "npm run bench:peers" installs is not ours.
        skip: [/node_modules/],
      })].map(({ path }) => path)
    ),
  ].filter((path) => !MADE.test(path));
  const found = paths.flatMap((path) =>
    readFileSync(path, "utf8").split("\n").flatMap((line, index) =>
      WORDS.filter(([word]) =>
        word.test(line) && !ELSEWHERE.some(([file, known]) => file.test(path) && known.test(line))
      ).map(([word, instead]) => `${path}:${index + 1}: "${line.match(word)?.[0]}": say ${instead}`)
    )
  );
  assertEquals(found, []);
});
