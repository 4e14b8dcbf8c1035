import { readFileSync } from "node:fs";
import process from "node:process";

/** The words that start this program once more, up to its own arguments. */
export function ownCommand(): [program: string, ...words: string[]] {
  const { Deno: deno } = globalThis as { Deno?: { build: { standalone?: boolean } } };
  // Compiled by Deno it may not look at how it was started, and there is nothing but the program.
  if (deno?.build.standalone === true) return [process.execPath];
  const [, program = "", ...own] = process.argv;
  const words = commandLine();
  // What the runtime was given before the program's name, such as permissions, stands nowhere else.
  if (words !== undefined) return [process.execPath, ...words.slice(1, words.length - own.length)];
  if (deno !== undefined) return [process.execPath, "run", "-A", program];
  return [process.execPath, ...process.execArgv, program];
}

/** How this process was started, where the system tells. */
function commandLine(): string[] | undefined {
  try {
    const words = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
    return words.length > process.argv.length - 2 ? words : undefined;
  } catch {
    return undefined;
  }
}
