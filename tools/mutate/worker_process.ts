import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Answer, Request } from "./protocol.ts";
import type { Sandbox } from "./sandbox.ts";

/** Limits the memory of a mutant that allocates without end. */
const HEAP_MIB = 1536;

/** A process that uses more than this is ended: buffers and the core's memory are not part of the heap. */
const RESIDENT_MIB_MAX = 2048;
const LOOK_EVERY_MS = 250;

/** Resident memory of a process; 0 if the system does not report it. */
export function residentMiB(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Loading every test takes a while on a busy machine. */
export const LOAD_LIMIT_MS = 120_000;

/** A process that runs tests in the copy. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #answers: Answer[] = [];
  #wake: () => void = () => {};
  #hasEnded = false;
  #errors = "";
  readonly #look = setInterval(() => {
    if (residentMiB(this.#child.pid) > RESIDENT_MIB_MAX) this.kill();
  }, LOOK_EVERY_MS);

  constructor(sandbox: Sandbox, environment: Record<string, string> = {}) {
    this.#child = spawn(process.execPath, [
      ...["run", "-q", "--no-check", "--no-lock", "-c", "deno.npm-only.json"],
      `--v8-flags=--max-old-space-size=${HEAP_MIB}`,
      "-A",
      "tools/mutate/worker.ts",
    ], {
      cwd: sandbox.path,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: sandbox.temporary, DENO_NO_PROMPT: "1", ...environment },
    });
    this.#child.on("error", () => this.#end());
    this.#child.on("close", () => this.#end());
    this.#child.stdin!.on("error", () => {});
    this.#child.stderr!.on("data", (bytes) => this.#errors = (this.#errors + bytes).slice(-2000));
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      if (!line.startsWith("\u0001")) return; // A test that prints.
      this.#answers.push(JSON.parse(line.slice(1)));
      this.#wake();
    });
  }

  /** The end of its standard error. */
  get errors(): string {
    return this.#errors;
  }

  send(request: Request): void {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
  }

  /** Its next answer; undefined if it ended, or took longer than that. */
  async answer(limitMs: number): Promise<Answer | undefined> {
    const until = performance.now() + limitMs;
    while (this.#answers.length === 0 && !this.#hasEnded) {
      const left = until - performance.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#answers.shift();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #end(): void {
    clearInterval(this.#look);
    this.#hasEnded = true;
    this.#wake();
  }
}
