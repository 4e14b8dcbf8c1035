import process from "node:process";
import { spawn } from "../child_processes.ts";

/** How a program ended, and its output. */
export interface EndedBeside {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end without blocking this process, which may be serving what the program requests. An
 * environment variable that is undefined in `environment` is removed.
 */
export async function runBeside(
  program: string,
  parameters: readonly string[],
  environment: Record<string, string | undefined> = {},
  folder = ".",
): Promise<EndedBeside> {
  const child = spawn(program, parameters, {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...environment },
  });
  const ended: EndedBeside = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (text) => ended.stdout += text);
  child.stderr.on("data", (text) => ended.stderr += text);
  ended.code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return ended;
}
