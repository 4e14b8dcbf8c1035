// `npm run bench:peers` failed in every fresh clone, because no test had tried it. Every script is started
// here, with the least work that it can do, in a copy with the contents of a clone: the files of the
// repository, and what `npm ci` installs.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { runBeside } from "../tools/run_beside.ts";

/** How to start each script, its exit code, and a part of its output. */
const STARTS: Record<string, { words?: string[]; code?: number; says: string }> = {
  // They cannot do anything small; their function is tested elsewhere, or used by the tests.
  "build:npm": { words: ["--help"], says: "--bundled" },
  "build:wasm": { words: ["--help"], says: "core_bytes.ts" },
  "build:ui": { words: ["--help"], says: "page_files.ts" },
  quickstart: { words: ["--help"], says: "npm run quickstart" },
  ok: { words: ["--help"], says: "npm run ok" },
  packages: { words: ["--help"], says: "Tests the npm package" },
  storm: { words: ["--help"], says: "npm run storm" },
  model: { words: ["--help"], says: "npm run model" },
  test: { words: ["tests/harness_test.ts", "--on", "deno"], says: "2 passed, 0 failed" },
  quick: { words: ["tests/harness_test.ts"], says: "== tests" },
  simulate: { words: ["--count", "1"], says: "passed, 0 failed" },
  mutate: {
    words: ["--list", "src/log/segment/append_signal.ts"],
    says: "src/log/segment/append_signal.ts:",
  },
  compile: { words: ["--target", "z80"], code: 2, says: 'Cannot compile for "z80"' },
  reference: { says: "docs/reference.md" },
  docs: { words: ["--no-check"], says: "dist/docs/index.html" },
  bench: { words: ["--help"], says: "--sections" },
  "bench:peers": { words: ["--help"], says: "--workloads" },
  kafka: { words: ["--port", "none"], code: 2, says: "Cannot listen on port" },
  release: { words: ["--targets", "z80"], code: 2, says: 'Cannot compile for "z80"' },
  ctl: { words: ["--help"], says: "diaspora-ctl" },
};

/** Number of scripts that run at the same time. */
const LANES = 2;

/** A copy of the repository like a clone after `npm ci`. */
function makeClone(): string {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-clone-"));
  const listed = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  for (const file of listed.stdout.split("\0").filter((file) => file !== "" && existsSync(file))) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    copyFileSync(file, join(folder, file));
  }
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  return folder;
}

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

test("every npm script is started here, and every documented one exists", () => {
  assertEquals(Object.keys(STARTS).sort(), Object.keys(scripts).sort());
  const pages = ["README.md", ...readdirSync("docs").map((page) => `docs/${page}`)].filter(existsSync);
  const named = pages.filter((page) => page.endsWith(".md"))
    .flatMap((page) => [...readFileSync(page, "utf8").matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)])
    .map(([, name]) => name);
  assertEquals(named.filter((name) => !(name in scripts)), []);
});

test(
  "every npm script starts on a fresh clone",
  { skip: !existsSync(".git") && "there is no repository" },
  async () => {
    const folder = makeClone();
    try {
      const names = Object.keys(STARTS);
      const lane = async (): Promise<void> => {
        for (let name = names.shift(); name !== undefined; name = names.shift()) {
          const { words = [], code = 0, says } = STARTS[name];
          const command = ["run", "-s", name, ...(words.length === 0 ? [] : ["--", ...words])];
          const environment = { DIASPORA_TOOLING: process.env["DIASPORA_TOOLING"] };
          const ended = await runBeside("npm", command, environment, folder);
          const output = ended.stdout + ended.stderr;
          assertEquals(ended.code, code, `npm ${command.join(" ")}: ${output}`);
          assertStringIncludes(output, says, `npm ${command.join(" ")}`);
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
