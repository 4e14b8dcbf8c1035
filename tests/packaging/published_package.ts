import { assertEquals } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { type FakeJsr, serveFakeJsr } from "../tools/fake_jsr.ts";
import { type EndedBeside, runBeside } from "../tools/run_beside.ts";

interface Config {
  name: string;
  version: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
}

/** The package's settings in `deno.json`. */
export const config: Config = JSON.parse(readFileSync("deno.json", "utf8"));

/** The package in a test registry. */
export interface Published {
  jsr: FakeJsr;
  /** Where Deno caches what it downloads from there. */
  cache: string;
  /** The output of publishing. */
  log: string;
}

/** Runs Deno with a separate registry and cache. */
function runDeno(
  { jsr, cache, folder = ".", parameters }: {
    jsr: FakeJsr;
    cache: string;
    folder?: string;
    parameters: string[];
  },
): Promise<EndedBeside> {
  return runBeside(process.execPath, parameters, { JSR_URL: jsr.url, DENO_DIR: cache }, folder);
}

/** Publishes the package to a test registry for the duration of a call. */
export async function withPublished(
  use: (published: Published) => void | Promise<void>,
  ...options: string[]
): Promise<void> {
  await using jsr = await serveFakeJsr();
  const cache = mkdtempSync(join(tmpdir(), "diaspora-jsr-"));
  try {
    const { code, stdout, stderr } = await runDeno({
      jsr,
      cache,
      parameters: ["publish", "--config", "deno.json", "--allow-dirty", "--token", "of-the-test", ...options],
    });
    assertEquals(code, 0, stdout + stderr);
    await use({ jsr, cache, log: stdout + stderr });
  } finally {
    rmSync(cache, { recursive: true });
  }
}

/** The folder of a user of the published package. */
export interface JsrProject {
  folder: string;
  /** Runs Deno there. */
  deno(...parameters: string[]): Promise<EndedBeside>;
}

/**
 * A project for the duration of a call. It finds npm packages in this repository, so that no npm registry is
 * needed.
 */
export async function withJsrProject(
  { jsr, cache }: Published,
  use: (project: JsrProject) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-jsr-user-"));
  try {
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    const npm = Object.entries(config.imports).filter(([, target]) => target.startsWith("npm:"));
    const dependencies = npm.map(([name, target]) => [name, target.replace(`npm:${name}@`, "")]);
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ dependencies: Object.fromEntries(dependencies) }),
    );
    await use({ folder, deno: (...parameters) => runDeno({ jsr, cache, folder, parameters }) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
