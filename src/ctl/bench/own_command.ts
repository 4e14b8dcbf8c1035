import { readFileSync } from "node:fs";
import process from "node:process";

/** The words that start this program once more, up to its own arguments. */
export function ownCommand(): string[] {
  const own = process.argv.slice(2);
  const words = commandLine();
  // What the runtime was told before the program's name, such as permissions, stands nowhere else.
  if (words !== undefined) return [process.execPath, ...words.slice(1, words.length - own.length)];
  if ("Deno" in globalThis) return [process.execPath, "run", "-A", process.argv[1]];
  return [process.execPath, ...process.execArgv, process.argv[1]];
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
