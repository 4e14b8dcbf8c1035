import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import process from "node:process";

const IS_WINDOWS = process.platform === "win32";

// Kills the process group when its standard input ends: because the runner closes it, or has ended for any
// reason.
const WATCHER = `trap "" TERM INT HUP; cat > /dev/null; kill -9 -"$1" 2> /dev/null`;

/** A program that is ended together with all processes it started, at the latest when this process ends. */
export class Supervised {
  /** Its exit code; 1 if a signal ended it. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  readonly #watcher: ChildProcess | undefined;

  constructor(
    [program, ...parameters]: readonly string[],
    environment: Record<string, string>,
    onOutput: (bytes: Uint8Array) => void,
  ) {
    // A separate process group, which one signal can end.
    this.#child = spawn(program, parameters, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
      detached: !IS_WINDOWS,
    });
    this.#child.stdout!.on("data", onOutput);
    this.#child.stderr!.on("data", onOutput);
    const { pid } = this.#child;
    if (!IS_WINDOWS && pid !== undefined) {
      const words = ["-c", WATCHER, "sh", String(pid)];
      this.#watcher = spawn("sh", words, { stdio: ["pipe", "ignore", "ignore"], detached: true });
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      // Processes that it left running would keep its output open.
      this.#child.on("exit", () => this.end());
      this.#child.on("close", (code) => resolve(code ?? 1));
    });
  }

  /** Ends it with everything it started. */
  end(): void {
    if (this.#watcher !== undefined) this.#watcher.stdin!.destroy();
    else if (this.#child.pid !== undefined) {
      spawnSync("taskkill", ["/pid", String(this.#child.pid), "/t", "/f"]);
    }
  }
}

/** Calls `onGone` once the process that started this one has ended. */
export function watchParent(onGone: () => void): void {
  const { ppid } = process;
  const timer = setInterval(() => {
    if (process.ppid !== ppid) onGone();
  }, 1000);
  timer.unref();
}
