// The whole release without its last step: its output, and that nothing was published.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { BillOfMaterials } from "../../../tools/release/bill_of_materials.ts";
import { readVersion } from "../../../tools/release/version.ts";
import { test } from "../../harness.ts";
import { serveFakeJsr } from "../fake_jsr.ts";
import { runBeside } from "../run_beside.ts";

const TARGET = "x86_64-unknown-linux-gnu";

/** The package that the test runner built, if there is one. */
const built = process.env["DIASPORA_TEST_PACKAGE"];
const given = built === undefined ? [] : ["--package", built];

async function release(
  parameters: string[],
  jsrUrl: string,
): Promise<{ code: number | null; output: string }> {
  const cache = mkdtempSync(join(tmpdir(), "diaspora-release-cache-"));
  try {
    const { code, stdout, stderr } = await runBeside("node", ["tools/launch.mjs", "release", ...parameters], {
      JSR_URL: jsrUrl,
      DENO_DIR: cache,
      // The test registry has no dnt to build the npm package with.
      DIASPORA_TOOLING: "npm-only",
    });
    return { code, output: stdout + stderr };
  } finally {
    rmSync(cache, { recursive: true });
  }
}

test("a dry run builds every artefact with its checksum, checks for JSR, and publishes nothing", async () => {
  await using jsr = await serveFakeJsr();
  const folder = mkdtempSync(join(tmpdir(), "diaspora-release-test-"));
  try {
    const { code, output } = await release(["--targets", TARGET, "--output", folder, ...given], jsr.url);
    assertEquals(code, 0, output);
    const version = readVersion();
    const [bill, program, sums, ...tarballs] = [
      `diaspora-stream-${version}.cdx.json`,
      `diaspora-ctl-${version}-${TARGET}`,
      "SHA256SUMS",
      `diaspora-stream-${version}.tgz`,
      `diaspora-stream-${version}-with-dependencies.tgz`,
    ];
    const notices = "THIRD_PARTY_NOTICES.md";
    assertEquals(readdirSync(folder).sort(), [bill, program, sums, notices, ...tarballs].sort());
    for (const name of ["uplot", "lit-html", "@platformatic/kafka", "ajv", "yaml"]) {
      assertMatch(readFileSync(join(folder, notices), "utf8"), new RegExp(`^## ${name} `, "m"));
    }

    const check = spawnSync("sha256sum", ["--check", "--strict", sums], { cwd: folder, encoding: "utf8" });
    assertEquals(check.status, 0, check.stdout + check.stderr);
    assertEquals(check.stdout.trimEnd().split("\n").length, 5);
    if (process.platform === "linux" && process.arch === "x64") {
      const { stdout } = spawnSync(join(folder, program), ["--version"], { encoding: "utf8" });
      assertEquals(stdout, `diaspora-ctl ${version}\n`);
    }

    const { metadata, components, ...head }: BillOfMaterials = JSON.parse(
      readFileSync(join(folder, bill), "utf8"),
    );
    assertEquals(head.bomFormat, "CycloneDX");
    assertEquals([metadata.component.name, metadata.component.version], ["@diaspora/stream", version]);
    const names = components.map(({ name }) => name);
    const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    for (const name of [...Object.keys(dependencies), "fast-uri", "avsc"]) assert(names.includes(name), name);
    const [runtime, ...others] = names.filter((name) => name in devDependencies).reverse();
    assert(["bun", "deno"].includes(runtime), runtime);
    assertEquals(
      others.sort(),
      ["@platformatic/kafka", "lit-html", "uplot"],
      "tools, but for what is inside",
    );
    for (const { name, version, licenses } of components) assert(licenses?.length, `${name}@${version}`);

    assertStringIncludes(output, "JSR: nothing to fix");
    assertEquals(output.match(/^Not published: /gm)?.length, 3, output);
    assert(!jsr.asked.some((path) => path.startsWith("/api/")), jsr.asked.join("\n"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an invalid version, an unknown target, and publishing what was built before are refused", async () => {
  const version = await release(["--set-version", "1.2"], "http://127.0.0.1:9/");
  assertEquals(version.code, 2);
  assertMatch(version.output, /Cannot set version "1\.2": expected e\.g\. 1\.2\.3/);
  const target = await release(["--targets", "z80"], "http://127.0.0.1:9/");
  assertEquals(target.code, 2);
  assertStringIncludes(target.output, 'Cannot compile for "z80"');
  const old = await release(["--package", "npm", "--publish"], "http://127.0.0.1:9/");
  assertEquals(old.code, 2);
  assertStringIncludes(old.output, "what is published is built anew");
});
