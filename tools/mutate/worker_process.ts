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

/** Processor time that a process has used, in milliseconds; 0 if the system does not report it. */
export function processorMs(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name in parentheses, which may contain anything; the times are in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12]));
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
  /** The process is ended once it has used this much processor time. */
  #cpuMsMax = Infinity;
  readonly #look = setInterval(() => {
    const { pid } = this.#child;
    if (residentMiB(pid) > RESIDENT_MIB_MAX || processorMs(pid) > this.#cpuMsMax) this.kill();
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
      const answer: Answer = JSON.parse(line.slice(1));
      if (answer.kind === "begun") {
        this.#cpuMsMax = processorMs(this.#child.pid) + answer.cpuMsMax;
        return;
      }
      this.#cpuMsMax = Infinity;
      this.#answers.push(answer);
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
