/**
 * Breaks the log on purpose, one line at a time, in a copy of the source, and runs the simulation there until
 * it notices. A mutation that is not noticed shows what the simulation cannot see.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Mutation, MUTATIONS } from "./list.ts";

const SCRIPT = `
import process from "node:process";
import { themeOf } from "./tests/simulation/faults.ts";
import { runSeed } from "./tests/simulation/world.ts";
const [seeds, limit, story, theme] = Deno.args;
const cpuSeconds = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
const end = (text) => { console.log(text); Deno.exit(1); };
for (let seed = 1; seed <= Number(seeds); seed++) {
  if (theme !== undefined && themeOf(seed, story) !== theme) continue;
  if (cpuSeconds() > Number(limit)) end("after " + limit + " CPU seconds and " + (seed - 1) + " seeds");
  try { await runSeed(seed, story); } catch (error) {
    end(seed + " " + String(error.cause ?? error).split("\\n")[0] + " [" + cpuSeconds().toFixed(1) + " s]");
  }
}
end("after all seeds");
`;

/**
 * The output of a run in which a seed broke a promise; any other output means that the mutation is not a
 * valid program.
 */
const NOTICED = /^\d+ (?!(?:Reference|Syntax)Error)\S/;

/** The configuration that works where it was run, see `tools/launch.mjs`. */
const CONFIGURATION = existsSync("deno.npm-only.json") ? "deno.npm-only.json" : "deno.json";

/**
 * Runs every mutation whose description contains `words` with up to `seeds` seeds; the exit code is 0 if each
 * was noticed.
 */
export async function runMutations(
  { seeds, words = "", cpuSeconds }: { seeds: number; words?: string; cpuSeconds: number },
): Promise<number> {
  const chosen = MUTATIONS.filter(({ what }) => what.includes(words));
  const copy = mkdtempSync(join(tmpdir(), "diaspora-mutations-"));
  let unnoticed = 0;
  try {
    for (const path of ["src", "tests", "mod.ts"]) cpSync(path, join(copy, path), { recursive: true });
    cpSync(CONFIGURATION, join(copy, "deno.json"));
    symlinkSync(join(process.cwd(), "tools"), join(copy, "tools"));
    cpSync("package.json", join(copy, "package.json"));
    symlinkSync(join(process.cwd(), "node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, "run.ts"), SCRIPT);
    for (const mutation of chosen) {
      const mutated = mutate((file) => readFileSync(join(copy, file), "utf8"), mutation);
      if (mutated === undefined) {
        console.error(`cannot mutate ${mutation.file}: expected to find once: ${mutation.from}`);
        unnoticed++;
        continue;
      }
      for (const [file, { text }] of mutated) writeFileSync(join(copy, file), text);
      const output = await (mutation.test === undefined
        ? histories(copy, { seeds, cpuSeconds }, mutation)
        : directedHistory(copy, mutation.test));
      for (const [file, { original }] of mutated) {
        writeFileSync(join(copy, file), original);
      }
      if (mutation.test !== undefined && output !== "") {
        console.log(`noticed: ${mutation.what} (${output})`);
      } else if (NOTICED.test(output)) {
        console.log(`noticed: ${mutation.what} (seed ${output})`);
      } else {
        unnoticed++;
        console.log(`NOT NOTICED: ${mutation.what} ${output}`);
      }
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  console.log(`${chosen.length - unnoticed} of ${chosen.length} mutations noticed`);
  return unnoticed === 0 ? 0 : 1;
}

/** The files with a mutation; undefined if what it replaces does not occur exactly once. */
export function mutate(
  read: (file: string) => string,
  { file, from, to, also = [] }: Mutation,
): Map<string, { original: string; text: string }> | undefined {
  const files = new Map<string, { original: string; text: string }>();
  for (const change of [{ file, from, to }, ...also]) {
    const path = change.file ?? file;
    const { original, text } = files.get(path) ?? { original: read(path), text: read(path) };
    if (text.split(change.from).length !== 2) return undefined;
    files.set(path, { original, text: text.replace(change.from, () => change.to) });
  }
  return files;
}

/** Runs random histories in the folder; returns what the first that broke a promise says, or how many did not. */
async function histories(
  folder: string,
  { seeds, cpuSeconds }: { seeds: number; cpuSeconds: number },
  { story = "log", theme }: Mutation,
): Promise<string> {
  const themes = theme === undefined ? [] : [theme];
  const values = [String(seeds), String(cpuSeconds), story, ...themes];
  return (await run(folder, ["run", "-A", "--no-check", "run.ts", ...values])).output.trim().slice(0, 160);
}

/** Runs a test in the folder; returns the name of the history that broke a promise, or nothing. */
async function directedHistory(folder: string, test: string): Promise<string> {
  const { output, code } = await run(folder, ["test", "-A", "--no-check", "--fail-fast", test]);
  const failed = /^(.*) \.\.\. .*FAILED/m.exec(output)?.[1];
  if (code !== 0 && failed === undefined) throw new Error(`Cannot run ${test}:\n${output}`);
  return failed === undefined ? "" : `${test}: ${failed}`;
}

/** Runs Deno in the folder. */
function run(folder: string, values: readonly string[]): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: "1" };
    const child = spawn(process.execPath, values, { cwd: folder, env });
    let output = "";
    child.stdout.on("data", (text) => output += text);
    child.stderr.on("data", (text) => output += text);
    child.on("error", reject);
    child.on("close", (code) => resolve({ output, code }));
  });
}
