import { spawnSync } from "node:child_process";
import process from "node:process";

/** A program's output. */
export interface Said {
  stdout: string;
  stderr: string;
}

/** Whether a program is a script, which only a shell starts: npm on Windows. */
export function needsShell(program: string): boolean {
  return process.platform === "win32" && program === "npm";
}

/** Runs a program that must succeed. */
export function mustRun(
  program: string,
  parameters: string[],
  environment: Record<string, string> = {},
): Said {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    shell: needsShell(program),
    env: { ...process.env, NO_COLOR: "1", ...environment },
  });
  if (error !== undefined) throw error;
  if (status === 0) return { stdout, stderr };
  throw new Error(`"${program} ${parameters.join(" ")}" failed:\n${stdout}${stderr}`);
}

/** Runs a program that must succeed, on this terminal: it may ask for a password, a code or a browser. */
export function mustRunHere(program: string, parameters: string[]): void {
  const { status, signal, error } = spawnSync(program, parameters, {
    stdio: "inherit",
    shell: needsShell(program),
  });
  if (error !== undefined) throw error;
  if (status === 0) return;
  throw new Error(`"${program} ${parameters.join(" ")}" failed: ${signal ?? `exit code ${status}`}`);
}
