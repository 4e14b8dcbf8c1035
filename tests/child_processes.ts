/**
 * Child processes that end with their test: {@linkcode spawn} is the one of `node:child_process`, and the
 * harness kills what a test leaves running.
 */
import { type ChildProcess, spawn as start, spawnSync } from "node:child_process";
import process from "node:process";

let isTesting = false;
const running = new Map<ChildProcess, string>();

/** `spawn()` of `node:child_process`. A process that a module starts before its tests begin is not killed. */
export const spawn = ((program: string, ...rest: never[]): ChildProcess => {
  const child = (start as (...parameters: unknown[]) => ChildProcess)(program, ...rest);
  if (isTesting) {
    running.set(child, program);
    const forget = (): void => void running.delete(child);
    child.once("exit", forget);
    child.once("error", forget);
  }
  return child;
}) as typeof start;

/** A test begins: what it starts from now on belongs to it. */
export function beginTest(): void {
  isTesting = true;
}

/**
 * A test is over: kills the processes it left running, with all their children, and returns their programs.
 */
export async function endTest(): Promise<string[]> {
  isTesting = false;
  const programs = [...running.values()];
  const ends = [...running.keys()].map((child) => new Promise((resolve) => child.once("exit", resolve)));
  for (const { pid } of running.keys()) if (pid !== undefined) killTree(pid);
  await Promise.all(ends);
  return programs;
}

function killTree(root: number): void {
  const listed = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).stdout ?? "";
  const pairs = listed.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const pids = [root];
  for (const pid of pids) for (const [child, parent] of pairs) if (parent === pid) pids.push(child);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has already ended.
    }
  }
}
