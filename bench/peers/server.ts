import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** A server started for one measurement. */
export class Server {
  readonly #child: ChildProcess;

  constructor(program: string, words: readonly string[], input?: string) {
    this.#child = spawn(program, words, {
      stdio: [input === undefined ? "ignore" : "pipe", "ignore", "ignore"],
    });
    this.#child.on("error", () => {});
    if (input !== undefined) this.#child.stdin!.end(input);
  }

  /** Processor seconds it has used so far; only known on Linux. */
  cpu(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8")
      .replace(/^.*\) /, "").split(" ");
    const [user, system] = [Number(fields[11]), Number(fields[12])];
    return (user + system) / 100;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
  }
}

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error ===
    undefined;
}

/** Calls `connect` until it succeeds. */
export async function patiently<T>(connect: () => Promise<T>): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
