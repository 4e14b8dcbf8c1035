// The package on JSR as its users see it: published to a test registry, and imported from there.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { config, type Published, withJsrProject, withPublished } from "./published_package.ts";

/** JSR cannot follow imports of modules that users name, and must not follow those of the Kafka driver. */
const UNKNOWN_BEFORE = ["src/components/modules.ts", "src/ctl/open_driver.ts", "src/drivers/optional.ts"];

const PROGRAM = `
import { Driver } from "jsr:@diaspora/stream@^0";
import { instrument } from "jsr:@diaspora/stream@^0/otel";
import * as testing from "jsr:@diaspora/stream@^0/testing";

await using driver = await Driver.open("memory", {});
await driver.createTopic("my_topic", { num_partitions: 1 });
await using topic = await driver.openTopic("my_topic");
await using producer = topic.producer();
await producer.push({ energy: 42 });
await using consumer = topic.consumer("reader");
console.log(JSON.stringify((await consumer.pull()).metadata), typeof testing.testDriver, typeof instrument);
`;

test("the package is published with explicit types and with the library only, and a program and the command run from JSR alone", async () => {
  // The dry run of a release checks its types.
  await withPublished(async (published) => {
    checkFiles(published);
    await withJsrProject(published, async ({ folder, deno }) => {
      writeFileSync(join(folder, "program.ts"), PROGRAM);
      const run = (...parameters: string[]) => deno("run", "-q", "-A", "--no-lock", ...parameters);

      const ended = await run("--check", "program.ts");
      assertEquals([ended.code, ended.stdout], [0, '{"energy":42} function function\n'], ended.stderr);

      const cli = `jsr:${config.name}@${config.version}/cli`;
      const version = await run(cli, "--version");
      assertEquals(version.stdout, `diaspora-ctl ${config.version}\n`, version.stderr);
      const where = ["--driver", "files", "--driver.root_path", join(folder, "data")];
      assertEquals((await run(cli, "topic", "create", "--name", "t", ...where)).code, 0);
      assertEquals((await run(cli, "topic", "list", ...where)).stdout, "t\n");
    });
  }, "--no-check");
});

function checkFiles({ jsr, log }: Published): void {
  const published = jsr.packages.get(config.name);
  assert(published !== undefined, log);
  assertEquals(published.version, config.version);
  const files = [...published.files.keys()];
  const wanted = /^(?:mod\.ts|cli\.ts|deno\.json|README\.md|CHANGELOG\.md|LICENSE|src\/.+\.ts)$/;
  assertEquals(files.filter((path) => !wanted.test(path) || path.endsWith("_test.ts")), []);
  for (const path of ["README.md", "CHANGELOG.md", "LICENSE"]) assert(files.includes(path), path);

  const warnings = [...log.matchAll(/^(?:warning|error)\[([\w-]+)\].*\n\s*--> (.+?):\d+:\d+$/gm)]
    .map(([, rule, path]) => `${rule} in ${path.replace(resolve(".") + "/", "")}`);
  const expected = UNKNOWN_BEFORE.map((path) => `unanalyzable-dynamic-import in ${path}`);
  assertEquals([...new Set(warnings)], expected, log);
  assert(!/\bwarning(?!\[)/i.test(log), log);
}

test("every entry point is documented, with an example, and so is every symbol", () => {
  for (const [entry, source] of Object.entries(config.exports)) {
    const text = readFileSync(source, "utf8");
    const doc = /^(?:#!.*\n)?\/\*\*([^]*?)\*\//.exec(text)?.[1] ?? "";
    assertStringIncludes(doc, "@module", `${entry} has no module documentation`);
    if (source !== "./cli.ts") assertMatch(doc, /```(?:ts|js|sh)/, `${entry} shows no example`);
  }
  const { status, stderr } = spawnSync(
    process.execPath,
    ["doc", "--lint", "--no-lock", "-q", ...Object.values(config.exports)],
    { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
  );
  assertEquals(status, 0, stderr);
});
