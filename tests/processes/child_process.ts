import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { spawn } from "../child_processes.ts";
import { commandOf, ROOT } from "./runtimes.ts";

const PROGRAM = fileURLToPath(new URL("child.ts", import.meta.url));

/** Machines that run the tests may be busy. */
const LINE_TIMEOUT_MS = 120_000;

/** How to start a process, in addition to its arguments. */
export interface ChildOptions {
  /** Take the lock around appends. */
  locking?: boolean;
  /** A shell command to prefix to the program's, e.g. to set a limit: `ulimit -n 32; exec "$@"`. */
  shell?: string;
}

/** A test process: `child.ts` on one of the runtimes. */
export class Child {
  readonly #process: ChildProcess;
  #lines: string[] = [];
  #rest = "";
  #errors = "";
  #wake = (): void => {};
  /** How it ended. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;

  constructor(
    readonly runtime: string,
    task: string,
    parameters: readonly string[],
    options: ChildOptions = {},
  ) {
    const command = commandOf(runtime, PROGRAM, [task, ...parameters]);
    const [program, ...rest] = options.shell === undefined
      ? command
      : ["bash", "-c", options.shell, "bash", ...command];
    this.#process = spawn(program, rest, {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, DIASPORA_TEST_LOCKING: options.locking ? "yes" : "no" },
    });
    this.#process.stdout!.on("data", (bytes) => this.#receive(String(bytes)));
    this.#process.stderr!.on("data", (bytes) => this.#errors += String(bytes));
    // A killed process cannot be written to, which is not an error.
    this.#process.stdin!.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      this.#process.on("error", reject);
      this.#process.on("close", (code, signal) => {
        resolve({ code, signal });
        this.#wake();
      });
    });
  }

  /** The next line of its output; throws, with its standard error, if it ended before that. */
  async line(): Promise<string> {
    const until = performance.now() + LINE_TIMEOUT_MS;
    while (this.#lines.length === 0) {
      const { exitCode, signalCode } = this.#process;
      if (exitCode !== null || signalCode !== null) {
        await this.ended;
        if (this.#lines.length > 0) break;
        throw new Error(`The ${this.runtime} process ended (${exitCode ?? signalCode}): ${this.#errors}`);
      }
      const left = until - performance.now();
      if (left <= 0) throw new Error(`The ${this.runtime} process says nothing: ${this.#errors}`);
      await this.#something(left);
    }
    return this.#lines.shift()!;
  }

  /** Writes a line to its standard input. */
  say(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  /** Closes its standard input. */
  end(): void {
    this.#process.stdin!.end();
  }

  /** Its process id. */
  get pid(): number {
    return this.#process.pid!;
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.#process.pid!, name);
  }

  /** Kills it as `kill -9` does; true if that is what ended it. */
  async kill(): Promise<boolean> {
    this.#process.kill("SIGKILL");
    const { signal } = await this.ended;
    return signal === "SIGKILL";
  }

  /** Waits for its end; throws, with its standard error, unless it succeeded. */
  async finish(): Promise<void> {
    const { code, signal } = await this.ended;
    if (code !== 0) throw new Error(`The ${this.runtime} process ended (${code ?? signal}): ${this.#errors}`);
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    this.#lines.push(...lines);
    this.#wake();
  }

  #something(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
