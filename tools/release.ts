/**
 * Makes a release: the npm package, the tarball with its dependencies, the compiled programs, their bill of
 * materials and checksums, all in `dist/release/`. It publishes only on request.
 *
 * ```text
 * npm run release                                  # a dry run: builds and checks, and says what it would publish
 * npm run release -- --targets x86_64-unknown-linux-gnu --output /tmp/release
 * npm run release -- --package npm                 # packs the npm package that was built there
 * npm run release -- --set-version 0.2.0           # writes the version, dates the changelog, and stops
 * npm run release -- --publish                     # the same as the dry run, and then publishes
 * ```
 *
 * `docs/releasing.md` describes the whole process.
 */
import { emptyDirSync } from "@std/fs/empty-dir";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { DENO_TARGETS } from "./compile/with_deno.ts";
import { askJsr } from "./launch/choose_way.mjs";
import { buildPrograms, buildTarballs } from "./release/artefacts.ts";
import { billOfMaterials } from "./release/bill_of_materials.ts";
import { notesOf, withVersionNamed } from "./release/changelog.ts";
import { writeChecksums } from "./release/checksums.ts";
import { mustRun, mustRunHere } from "./release/programs.ts";
import { obstacles, publishingSteps, stateOfRepository } from "./release/publish.ts";
import { isVersion, readVersion, setVersion } from "./release/version.ts";

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

/** Sets the source's version, and gives the unreleased notes that version. */
function nameVersion(version: string): void {
  if (!isVersion(version)) fail(`Cannot set version "${version}": expected e.g. 1.2.3 or 1.2.3-rc.1`);
  const date = new Date().toISOString().slice(0, 10);
  const changelog = withVersionNamed(readFileSync("CHANGELOG.md", "utf8"), { version, date });
  if (changelog === undefined) fail('Cannot set the version: CHANGELOG.md has nothing under "Unreleased"');
  writeFileSync("CHANGELOG.md", changelog);
  console.log(`Version ${version} is in ${["CHANGELOG.md", ...setVersion(version)].join(", ")}`);
}

/**
 * Lets Deno check what it would publish; false if JSR, which has the command's dependencies, cannot be
 * reached.
 */
function checkForJsr(): boolean {
  if (askJsr(process.execPath).way !== "connected") return false;
  mustRun(process.execPath, ["publish", "--config", "deno.json", "--dry-run", "--allow-dirty"]);
  return true;
}

/** What to make a release of, and where. */
interface Request {
  output: string;
  targets: string[];
  /** Folder of an npm package that was built before; a release that is published builds its own. */
  built: string | undefined;
  publish: boolean;
}

function release({ output, targets, built, publish }: Request): void {
  const version = readVersion();
  const notes = notesOf(readFileSync("CHANGELOG.md", "utf8"), version);
  const against = obstacles({ version, notes, ...stateOfRepository() });
  if (publish && against.length > 0) fail(`Cannot publish ${version}: ${against.join("; ")}`);

  emptyDirSync(output);
  const tarball = buildTarballs(output, version, built);
  const runtime = buildPrograms(output, version, targets);
  const bill = JSON.stringify(billOfMaterials(runtime), null, 2) + "\n";
  writeFileSync(join(output, `diaspora-stream-${version}.cdx.json`), bill);
  writeChecksums(output);
  for (const name of readdirSync(output).sort()) {
    console.log(
      `${(statSync(join(output, name)).size / 1e6).toFixed(2).padStart(8)} MB  ${join(output, name)}`,
    );
  }

  const checked = checkForJsr();
  console.log(checked ? "JSR: nothing to fix" : "JSR: not checked, it cannot be reached");
  if (publish && !checked) fail(`Cannot publish ${version}: JSR cannot be reached`);
  for (const { what, command } of publishingSteps({ version, tarball })) {
    if (publish) mustRunHere(command[0], command.slice(1));
    console.log(`${publish ? "Published" : "Not published"}: ${what} (${command.join(" ")})`);
  }
  if (publish) return;
  for (const obstacle of against) console.log(`Before it can be published: ${obstacle}`);
}

const { texts, flags } = taskArguments({
  string: ["set-version", "targets", "output", "package"],
  boolean: ["publish"],
});
const targets = texts["targets"]?.split(",").filter((target) => target !== "") ?? [...DENO_TARGETS];
const unknown = targets.find((target) => !DENO_TARGETS.includes(target));
if (unknown !== undefined) {
  fail(`Cannot compile for "${unknown}": known targets are ${DENO_TARGETS.join(", ")}`);
}
const { publish } = flags;
const built = texts["package"];
if (publish && built !== undefined) {
  fail('"--publish" and "--package" exclude each other: what is published is built anew');
}
if (texts["set-version"] !== undefined) nameVersion(texts["set-version"]);
else release({ output: texts["output"] ?? "dist/release", targets, built, publish });
