/**
 * How long `diaspora-ctl` takes to start, and how large it is, in each of its three forms; compared with
 * programs on the same runtimes that do nothing.
 *
 * ```text
 * npm run compile && npm run build:npm
 * deno run -A -c deno.npm-only.json bench/cold_start.ts
 * deno run -A -c deno.npm-only.json bench/cold_start.ts --json
 * ```
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { walkSync } from "@std/fs/walk";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { commandOn } from "./suite/runtimes.ts";

/** The command line that starts a program. */
export type Command = readonly string[];

/** A form of `diaspora-ctl`, and what has to be on the machine for it. */
export interface Form {
  name: string;
  /** Starts it. */
  command: Command;
  /** A program that does nothing, on the same runtime or the nearest to it. */
  empty: Command;
  /**
   * What has to be copied to a machine, without the runtime that is installed there; the binary contains its
   * own.
   */
  bytes: number;
}

/** The cost of one start, in milliseconds. */
export interface Start {
  /** Elapsed time, from start to end. */
  wallMs: number;
  /** Processor time of all threads together, which a busy machine affects least. */
  cpuMs: number;
}

/** The measurements of one form. */
export interface Started {
  name: string;
  /** Medians by what was started. */
  starts: { empty: Start; help: Start; list: Start };
  bytes: number;
}

/** Only the shell reports how much processor time a program used. */
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; exec 3>&2; { time "$@" >/dev/null 2>&3; } 2>&1';

function startOnce(command: Command): Start {
  const { status, stdout, stderr, error } = spawnSync("bash", ["-c", TIMED, "bash", ...command], {
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`"${command.join(" ")}" failed: ${stderr}`);
  const [real, user, system] = stdout.trim().split(" ").map((seconds) => Number(seconds) * 1000);
  return { wallMs: real, cpuMs: user + system };
}

/** Starts the commands alternately, so that a busy minute affects all of them. */
export function startInTurn(commands: readonly Command[], rounds: number): Start[][] {
  const times: Start[][] = commands.map(() => []);
  // The first start of each reads it from disk, and may compile it into a cache.
  for (const command of commands) startOnce(command);
  for (let round = 0; round < rounds; round++) {
    commands.forEach((command, n) => times[n].push(startOnce(command)));
  }
  return times;
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
}

function typical(starts: readonly Start[]): Start {
  return {
    wallMs: median(starts.map(({ wallMs }) => wallMs)),
    cpuMs: median(starts.map(({ cpuMs }) => cpuMs)),
  };
}

/** The forms that are available: the source always, the package and the program once they are built. */
export function forms({ package: folder, program }: { package: string; program: string }): Form[] {
  const nothing = [process.execPath, "eval", "0"];
  const found: Form[] = [{
    name: "deno run",
    command: commandOn("deno", "cli.ts"),
    empty: nothing,
    bytes: sizeOf("src"),
  }];
  if (existsSync(join(folder, "package.json"))) {
    const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [command, empty] = [["node", join(folder, bin["diaspora-ctl"])], ["node", "-e", "0"]];
    found.push({ name: "npm package", command, empty, bytes: sizeOf(folder) });
  }
  if (existsSync(program)) {
    found.push({ name: "binary", command: [program], empty: nothing, bytes: sizeOf(program) });
  }
  return found;
}

function sizeOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return [...walkSync(path, { includeDirs: false })].reduce((sum, { path }) => sum + statSync(path).size, 0);
}

/** Measures the forms, alternating between them. */
export function measureStarts(some: readonly Form[], rounds: number): Started[] {
  const root = mkdtempSync(join(tmpdir(), "diaspora-cold-start-"));
  try {
    const list = ["topic", "list", "--driver", "files", "--driver.root_path", root];
    const commands = some.flatMap(({ command, empty }) => [
      empty,
      [...command, "--help"],
      [...command, ...list],
    ]);
    const starts = startInTurn(commands, rounds).map(typical);
    return some.map(({ name, bytes }, n) => ({
      name,
      starts: { empty: starts[3 * n], help: starts[3 * n + 1], list: starts[3 * n + 2] },
      bytes,
    }));
  } finally {
    rmSync(root, { recursive: true });
  }
}

function print(started: readonly Started[]): void {
  const column = (text: string): string => text.padEnd(16);
  console.log(
    ["ms (processor)", "nothing", "--help", "topic list", "on disk"].map(column).join("").trimEnd(),
  );
  for (const { name, starts: { empty, help, list }, bytes } of started) {
    const times = [empty, help, list].map((its) => `${its.wallMs.toFixed(0)} (${its.cpuMs.toFixed(0)})`);
    console.log([name, ...times, `${(bytes / 1e6).toFixed(1)} MB`].map(column).join("").trimEnd());
  }
}

if (import.meta.main) {
  const args = parseArgs(process.argv.slice(2), {
    string: ["package", "program"],
    boolean: ["json"],
    default: { package: "npm", program: "dist/diaspora-ctl", rounds: 15 },
  });
  const started = measureStarts(
    forms({ package: String(args.package), program: String(args.program) }),
    Number(args.rounds),
  );
  if (args.json) console.log(JSON.stringify(started, null, 2));
  else print(started);
}
