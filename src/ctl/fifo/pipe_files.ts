import { execFile } from "node:child_process";
import { constants, lstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { errnoOf } from "../../storage/errno.ts";

/**
 * A write of at most this many bytes is atomic, also in non-blocking mode (`PIPE_BUF`). Larger ones may be split,
 * and not every runtime reports where.
 */
export const ATOMIC_WRITE_BYTES = 4096;

/** What exists at a path. */
type PathState = "nothing" | "fifo" | "other";

/** What exists at a path; symbolic links are followed, and a dangling one is `other`. */
export function stateOfPath(path: string): PathState {
  const stats = statSync(path, { throwIfNoEntry: false }) ?? lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "nothing" : stats.isFIFO() ? "fifo" : "other";
}

/**
 * Creates a FIFO, which errors call `name`. The runtimes have no function for it, but every system with FIFOs has
 * the command.
 */
export async function makeFifo(path: string, name: string = path): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile("mkfifo", ["--", path], (error, _stdout, stderr) => {
      if (error === null) resolve();
      else {
        const reason = (String(stderr).trim() || error.message).replaceAll(path, () => name);
        reject(new Error(`Cannot make FIFO "${name}": ${reason}`, { cause: error }));
      }
    });
  });
}

/** Opens for reading without blocking, whether there is a writer or not. */
export function openForReading(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** Opens for writing; undefined if there is no reader. */
export function openForWriting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENXIO") return undefined;
    throw error;
  }
}

/** The number of bytes read; `empty` if there is a writer but nothing to read, 0 if there is no writer. */
export function readNow(descriptor: number, into: Uint8Array): number | "empty" {
  try {
    return readSync(descriptor, into, 0, into.length, null);
  } catch (error) {
    if (errnoOf(error) === "EAGAIN") return "empty";
    throw error;
  }
}

/** Writes at most {@linkcode ATOMIC_WRITE_BYTES}, atomically. */
export function writeNow(descriptor: number, bytes: Uint8Array): "written" | "full" | "no reader" {
  try {
    writeSync(descriptor, bytes, 0, bytes.length, null);
    return "written";
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EAGAIN") return "full";
    if (code === "EPIPE") return "no reader";
    throw error;
  }
}
