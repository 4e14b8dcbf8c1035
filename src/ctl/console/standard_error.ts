import process from "node:process";

let opened = false;
let failed = false;

/** Standard error, opened on first use: under Deno opening it takes a third of the time of `--help`. */
export function standardError(): typeof process.stderr {
  // What cannot be said there, because its reader is gone or its disk is full, cannot be said at all.
  if (!opened) process.stderr.on("error", () => failed = true);
  opened = true;
  return process.stderr;
}

/** Writes to standard error, if that is possible. */
export function writeError(text: string): void {
  try {
    standardError().write(text);
  } catch {
    // Deno throws what the other runtimes report by an event, and writes nothing more.
    failed = true;
  }
}

/** Resolves when everything has been passed to the system: exiting earlier could cut off the last line. */
export async function standardErrorWritten(): Promise<void> {
  if (opened && !failed) await new Promise<void>((resolve) => process.stderr.write("", () => resolve()));
}
