import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Measured, together } from "./stopwatch.ts";
import type { WorkerMessage } from "./worker.ts";

/** How to start worker processes. */
export interface Starter {
  /** Program and arguments that run `work()`. */
  command: readonly [program: string, ...words: string[]];
  /** Kills the running processes, and rejects. */
  signal?: AbortSignal;
}

/** Runs jobs at the same time, each in a process of its own. */
export async function runInProcesses<Job>(jobs: readonly Job[], starter: Starter): Promise<Measured[]> {
  const workers = jobs.map((job) => new Worker(job, starter));
  try {
    // They begin one after the other, within microseconds, which is close enough.
    await Promise.all(workers.map((worker) => worker.ready()));
    for (const worker of workers) worker.begin();
    const measured = await Promise.all(workers.map((worker) => worker.measured()));
    await Promise.all(workers.map((worker) => worker.ended()));
    return measured;
  } catch (error) {
    starter.signal?.throwIfAborted();
    throw error;
  } finally {
    for (const worker of workers) worker.kill();
  }
}

/** One job run by one or several processes, with a combined result. */
export async function runTogether<Job>(jobs: readonly Job[], starter: Starter): Promise<Measured> {
  const all = await runInProcesses(jobs, starter);
  const [only] = all;
  return only !== undefined && all.length === 1 ? only : together(all);
}

/** One worker process. */
class Worker {
  readonly #child: ChildProcess;
  readonly #messages: AsyncIterator<string>;
  #stderr = "";

  constructor(job: unknown, { command: [program, ...words], signal }: Starter) {
    this.#child = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"], signal });
    // Its failure shows in the missing output.
    this.#child.on("error", (error) => this.#stderr += error.message);
    this.#child.stdin!.on("error", () => {});
    this.#child.stderr!.on("data", (chunk) => this.#stderr += String(chunk));
    this.#messages = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.#child.stdin!.write(`${JSON.stringify(job)}\n`);
  }

  async ready(): Promise<void> {
    await this.#next("ready");
  }

  begin(): void {
    this.#child.stdin!.write("begin\n");
  }

  async measured(): Promise<Measured> {
    return (await this.#next("measured") as { measured: Measured }).measured;
  }

  async ended(): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "close");
  }

  kill(): void {
    if (this.#child.exitCode === null) this.#child.kill();
  }

  async #next(kind: "ready" | "measured"): Promise<WorkerMessage> {
    const { value, done } = await this.#messages.next();
    if (done === true) {
      throw new Error(
        `The measuring process ended early${this.#stderr && `: ${this.#stderr.trim()}`}`,
      );
    }
    const message: WorkerMessage = JSON.parse(value);
    if ("error" in message) throw Object.assign(new Error(message.error), { code: message.code });
    if (kind in message) return message;
    throw new Error(`The measuring process wrote ${value} where "${kind}" was expected`);
  }
}
