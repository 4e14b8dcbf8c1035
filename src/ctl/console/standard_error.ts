import process from "node:process";

let opened = false;

/** Standard error, opened when it is first needed: under Deno that takes a third of what `--help` takes. */
export function standardError(): typeof process.stderr {
  opened = true;
  return process.stderr;
}

/** Resolves when all of it is with the system: an exit right away could cut off the last line. */
export async function standardErrorWritten(): Promise<void> {
  if (opened) await new Promise<void>((resolve) => process.stderr.write("", () => resolve()));
}
