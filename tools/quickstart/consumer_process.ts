import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Progress } from "./consumer.ts";
import { DENO_CONFIG } from "../deno_config.ts";

/** What a consumer process did before it ended. */
export interface ConsumerRun {
  pid: number;
  /** Events it read. */
  read: number;
  /** Events it acknowledged. */
  acknowledged: number;
  /** Sum of the distances it acknowledged, in miles. */
  distance: number;
  /** The signal that ended it, if one did. */
  signal: NodeJS.Signals | null;
}

/**
 * Runs the consumer in a separate process; with `killAfter`, kills it with SIGKILL half-way, when it has read
 * that many events and acknowledged only some of them.
 */
export async function runConsumer(rootPath: string, name: string, killAfter?: number): Promise<ConsumerRun> {
  const child = spawn(process.execPath, [
    ...["run", "-A", "--no-lock", "--no-check", "-c", DENO_CONFIG],
    ...["tools/quickstart/consumer.ts", rootPath, name],
    ...(killAfter === undefined ? [] : [String(killAfter)]),
  ], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  let [read, acknowledged, distance] = [0, 0, 0];
  for await (const line of createInterface({ input: child.stdout })) {
    const progress: Progress = JSON.parse(line);
    read = progress.read;
    if (progress.paused) child.kill("SIGKILL");
    else [acknowledged, distance] = [progress.acknowledged, progress.distance];
  }
  const { code, signal } = await ended;
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`The consumer ended with exit code ${code}`);
  return { pid: child.pid ?? 0, read, acknowledged, distance, signal };
}
