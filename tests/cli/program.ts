/**
 * Runs `diaspora-ctl`: the source in the tests' own process or as a process of their runtime, or the binary
 * that the environment variable `DIASPORA_CTL` names.
 */
import { Buffer } from "node:buffer";
import type { ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { StandardError } from "../../src/ctl/console/standard_error.ts";
import { main } from "../../src/ctl/main.ts";
import { spawn } from "../child_processes.ts";
import { DENO_CONFIG } from "../../tools/deno_config.ts";

export { until } from "../waiting.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The command line that starts the program. */
export const PROGRAM: readonly string[] = programWords();

/** How to start the program on each runtime; only the binary if that is tested. */
export const PROGRAMS: Readonly<Record<string, readonly string[]>> = process.env.DIASPORA_CTL
  ? { binary: PROGRAM }
  : { deno: PROGRAM, ...others() };

function others(): Record<string, string[]> {
  const script = join(ROOT, "cli.ts");
  const bun = join(ROOT, "node_modules/.bin/bun");
  if (!existsSync(bun)) return {};
  // The built npm package, if there is one: it starts five times faster than the source.
  const built = process.env.DIASPORA_TEST_PACKAGE;
  return {
    node: built === undefined
      ? ["node", "--import", join(ROOT, "node_modules/tsx/dist/loader.mjs"), script]
      : ["node", join(built, "esm/cli.js")],
    bun: [bun, script],
  };
}

function programWords(): string[] {
  const binary = process.env.DIASPORA_CTL;
  if (binary) return [binary];
  const script = join(ROOT, "cli.ts");
  if ("Deno" in globalThis) {
    return [process.execPath, "run", "-A", "-c", join(ROOT, DENO_CONFIG), script];
  }
  if ("Bun" in globalThis) return [process.execPath, script];
  return [process.execPath, "--import", join(ROOT, "node_modules/tsx/dist/loader.mjs"), script];
}

/** The result of a run. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
  bytes: Uint8Array;
}

/** How a program is run. */
export interface RunOptions {
  input?: string | Uint8Array;
  environment?: Readonly<Record<string, string | undefined>>;
  folder?: string;
  /** Leave standard input open. */
  keepInput?: true;
}

/**
 * Runs the program to its end, in this process, because starting it takes longer than most commands; the
 * binary, and a program in another folder, are started. Tests of what only a process can show use
 * {@linkcode ctlProcess}.
 */
export async function ctl(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const needsProcess = process.env.DIASPORA_CTL || options.folder !== undefined;
  return needsProcess ? await ctlProcess(words, options) : await runHere(words, options);
}

/** Runs the program to its end, as a process. */
export async function ctlProcess(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return await run([...PROGRAM, ...words], options);
}

/** What one read of a pipe returns at most. */
const PIPE_BYTES = 1 << 16;

async function runHere(words: readonly string[], { input, environment }: RunOptions): Promise<Outcome> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const error = new StandardError(() => collecting(err));
  const code = await main(words, {
    input: Readable.from(piecesOf(Buffer.from(input ?? "")), { objectMode: false }),
    output: collecting(out),
    error,
    environment: { ...cleanEnvironment(), NO_COLOR: "1", ...environment },
    watchSignals: () => ({ signal: new AbortController().signal, dispose: () => {} }),
  });
  await error.written();
  return { code, stdout: text(out), stderr: text(err), bytes: new Uint8Array(Buffer.concat(out)) };
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIPE_BYTES) yield bytes.subarray(at, at + PIPE_BYTES);
}

function collecting(chunks: Uint8Array[]): Writable {
  return new Writable({
    write(chunk: Uint8Array, _, done) {
      // The writer may use its buffer again.
      chunks.push(new Uint8Array(chunk));
      done();
    },
  });
}

/** Runs any program to its end. */
export async function run(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return await start(words, options).ended;
}

/** A running program. */
export interface Running {
  child: ChildProcess;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when it has ended and its output is complete. */
  ended: Promise<Outcome>;
  /** Sends a signal, unless the program has ended. Deno's `ChildProcess.kill` would hide the exit code. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
}

/** Starts `diaspora-ctl` without waiting for it. */
export function startCtl(words: readonly string[], options: RunOptions = {}): Running {
  return start([...PROGRAM, ...words], options);
}

/** Starts a program without waiting for it. */
export function start(
  words: readonly string[],
  { input, environment, folder, keepInput }: RunOptions = {},
): Running {
  const child = spawn(words[0], words.slice(1), {
    cwd: folder ?? ROOT,
    env: {
      ...cleanEnvironment(),
      TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json"),
      NO_COLOR: "1",
      ...environment,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => out.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => err.push(chunk));
  // If a program ends before it has read all input, that is not a failure of the test.
  child.stdin.on("error", () => {});
  if (input !== undefined) child.stdin.end(input);
  else if (keepInput !== true) child.stdin.end();
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const bytes = new Uint8Array(Buffer.concat(out));
      resolve({ code, stdout: text(out), stderr: text(err), bytes });
    });
  });
  let over = false;
  void ended.then(() => over = true, () => over = true);
  const signal: Running["signal"] = (name) => {
    if (!over) process.kill(child.pid!, name);
  };
  return { child, stdout: () => text(out), stderr: () => text(err), ended, signal };
}

/** `DIASPORA_…` variables of the tests must not reach the program under test. */
function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DIASPORA_")));
}

function text(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString("utf8");
}

/** A folder that is removed afterwards, and driver options for a store in it. */
export async function withFolder(use: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-ctl-"));
  const root = join(folder, "store");
  try {
    await use({ folder, root, driver: ["--driver", "files", "--driver.root_path", root] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The working folder of a test. */
export interface Place {
  folder: string;
  root: string;
  /** Options that name the store. */
  driver: string[];
}

/** A script that starts the program, for shells; its path is one word. */
export function programScript(folder: string, program = PROGRAM): string {
  const path = join(folder, "diaspora-ctl");
  const words = program.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  writeFileSync(path, `#!/bin/sh\nTSX_TSCONFIG_PATH='${join(ROOT, "tsconfig.json")}' exec ${words} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
