import { readFileSync } from "node:fs";
import process from "node:process";

/** The command that starts this program again, without its own arguments. */
export function ownCommand(): [program: string, ...words: string[]] {
  const { Deno: deno } = globalThis as { Deno?: { build: { standalone?: boolean } } };
  // A program compiled by Deno may not read its command line, and consists of the executable only.
  if (deno?.build.standalone === true) return [process.execPath];
  const [, program = "", ...own] = process.argv;
  const words = commandLine();
  // Options of the runtime before the program's name, such as permissions, are available nowhere else.
  if (words !== undefined) return [process.execPath, ...words.slice(1, words.length - own.length)];
  if (deno !== undefined) return [process.execPath, "run", "-A", program];
  return [process.execPath, ...process.execArgv, program];
}

/** The command line of this process, if the system provides it. */
function commandLine(): string[] | undefined {
  try {
    const words = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
    return words.length > process.argv.length - 2 ? words : undefined;
  } catch {
    return undefined;
  }
}
