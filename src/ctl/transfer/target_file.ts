import { once } from "node:events";
import { createWriteStream, openSync, renameSync, rmSync, statSync } from "node:fs";
import type { Writable } from "node:stream";
import { fileError } from "../usage_error.ts";

/** The target of an export. */
export interface Target {
  stream: Writable;
  /** Everything is written: renames the file to its final name. */
  finish(): Promise<void>;
  /** The export failed: removes what might look complete. */
  abandon(): void;
}

/** Opens the target of an export: standard output for `-`. The file gets its name only when it is complete. */
export function openTarget(path: string, output: Writable): Target {
  if (path === "-") return { stream: output, finish: () => Promise.resolve(), abandon: () => {} };
  const isSpecial = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  const written = isSpecial ? path : `${path}.partial`;
  const stream = createWriteStream(written, { fd: open(path, written) });
  return {
    stream,
    async finish() {
      stream.end();
      try {
        await once(stream, "close");
      } catch (cause) {
        throw new Error(`Cannot write "${path}": ${(cause as Error).message}`, { cause });
      }
      if (!isSpecial) renameSync(written, path);
    },
    abandon() {
      stream.destroy();
      if (!isSpecial) rmSync(written, { force: true });
    },
  };
}

/** Opened at once, so that an unwritable path is found before any work. */
function open(path: string, written: string): number {
  try {
    return openSync(written, "w");
  } catch (cause) {
    throw fileError("write", path, "--to.file", cause);
  }
}
