/**
 * Breaks the log on purpose, one line at a time, in a copy of the source, and runs the simulation there until
 * it notices. A mutation that is not noticed shows what the simulation cannot see.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
  if (theme !== undefined && themeOf(seed) !== theme) continue;
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
    cpSync("src", join(copy, "src"), { recursive: true });
    cpSync("tests/simulation", join(copy, "tests/simulation"), { recursive: true });
    cpSync("deno.json", join(copy, "deno.json"));
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
      const output = await run(copy, { seeds, cpuSeconds }, mutation);
      for (const [file, { original }] of mutated) writeFileSync(join(copy, file), original);
      if (NOTICED.test(output)) console.log(`noticed: ${mutation.what} (seed ${output})`);
      else {
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

/** The output of the run in the folder; empty if every promise was kept. */
function run(
  folder: string,
  { seeds, cpuSeconds }: { seeds: number; cpuSeconds: number },
  { story = "log", theme }: Mutation,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      "run",
      "-A",
      "--no-check",
      "run.ts",
      ...[String(seeds), String(cpuSeconds), story],
      ...(theme === undefined ? [] : [theme]),
    ], {
      cwd: folder,
    });
    let output = "";
    child.stdout.on("data", (text) => output += text);
    child.stderr.on("data", (text) => output += text);
    child.on("error", reject);
    child.on("close", () => resolve(output.trim().slice(0, 160)));
  });
}
