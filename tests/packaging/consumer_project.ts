import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";

/** An empty project of a user who installed the package as npm would publish it. */
export interface ConsumerProject {
  /** The project's folder. */
  folder: string;
  /** The folder of the built package. */
  built: string;
  /** The tarball that `npm pack` made of it. */
  tarball: string;
  /** Size of the tarball, in bytes. */
  tarballBytes: number;
}

/** The result of a program. */
export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export function run(
  program: string,
  parameters: string[],
  cwd = ".",
  environment: Record<string, string> = {},
): Ended {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...environment },
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** Runs a program that must succeed. */
export function mustRun(
  program: string,
  parameters: string[],
  cwd = ".",
  environment: Record<string, string> = {},
): Ended {
  const ended = run(program, parameters, cwd, environment);
  if (ended.status === 0) return ended;
  throw new Error(`"${program} ${parameters.join(" ")}" failed:\n${ended.stdout}${ended.stderr}`);
}

interface Manifest {
  dependencies?: Record<string, string>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** Every package that a package depends on, by name, with its folder in this repository's node_modules. */
function dependenciesOf(folder: string, found = new Map<string, string>()): Map<string, string> {
  for (const name of Object.keys(readManifest(folder).dependencies ?? {})) {
    const its = resolve("node_modules", name);
    if (found.has(name)) continue;
    found.set(name, its);
    dependenciesOf(its, found);
  }
  return found;
}

const PEER = "@opentelemetry/api";

/** The npm package: from the folder in which the test runner built it, or built now. */
export function builtPackage(output: string): string {
  const built = process.env["DIASPORA_TEST_PACKAGE"];
  if (built !== undefined) return built;
  mustRun("node", ["tools/launch.mjs", "build:npm", "--output", output]);
  return output;
}

/** Builds the package, packs it and installs it in an empty project, without a registry. */
function makeProject(): ConsumerProject {
  const home = mkdtempSync(join(tmpdir(), "diaspora-packaging-"));
  // Tests run in any order, so none of them is known to be the last; the event fires when all of the file's
  // tests are done.
  globalThis.addEventListener("unload", () => rmSync(home, { recursive: true, force: true }));
  const [built, folder] = [builtPackage(join(home, "npm")), join(home, "project")];
  mustRun("npm", ["pack", "--offline", "--ignore-scripts", "--pack-destination", home], built);
  const tarball = join(home, readdirSync(home).find((name) => name.endsWith(".tgz")) ?? "no tarball");

  // Of the peers, only the one whose types the entry point `./otel` uses; nothing for Kafka, and no types of
  // Node.
  const needed = [...dependenciesOf(built), [PEER, resolve("node_modules", PEER)] as const];
  const dependencies = needed.map(([name, path]) => [name, `file:${path}`] as const);
  mkdirSync(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({
      name: "someone",
      private: true,
      type: "module",
      dependencies: { ...Object.fromEntries(dependencies), "@diaspora/stream": `file:${tarball}` },
    }),
  );
  // Installed as copies, so that npm does not follow links into this repository.
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"];
  mustRun("npm", ["install", "--offline", "--install-links", ...quiet], folder);
  return { folder, built, tarball, tarballBytes: statSync(tarball).size };
}

let project: ConsumerProject | undefined;

/** The project, created on first use and removed when the tests end. */
export function consumerProject(): ConsumerProject {
  return project ??= makeProject();
}
