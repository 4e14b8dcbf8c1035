import process from "node:process";

let opened = false;

/** Standard error, opened on first use: under Deno opening it takes a third of the time of `--help`. */
export function standardError(): typeof process.stderr {
  opened = true;
  return process.stderr;
}

/** Resolves when everything has been passed to the system: exiting earlier could cut off the last line. */
export async function standardErrorWritten(): Promise<void> {
  if (opened) await new Promise<void>((resolve) => process.stderr.write("", () => resolve()));
}
