import { execFile } from "node:child_process";
import { closeSync, constants, lstatSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { errnoOf } from "../../storage/errno.ts";

/**
 * A write of at most this many bytes is whole or not at all, also without blocking (`PIPE_BUF`). Larger ones
 * may be cut, and not every runtime says where.
 */
export const ATOMIC_WRITE_BYTES = 4096;

/** What stands at a path. */
export type PathState = "nothing" | "fifo" | "other";

/** What stands at a path, links followed; a link to nothing is `other`. */
export function stateOfPath(path: string): PathState {
  const stats = statSync(path, { throwIfNoEntry: false }) ?? lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "nothing" : stats.isFIFO() ? "fifo" : "other";
}

/**
 * Makes a FIFO, which errors call `name`. No runtime has a function for it, but every system that has FIFOs has
 * the command.
 */
export async function makeFifo(path: string, name: string = path): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile("mkfifo", ["--", path], (error, _stdout, stderr) => {
      if (error === null) resolve();
      else {
        const reason = (String(stderr).trim() || error.message).replaceAll(path, name);
        reject(new Error(`Cannot make FIFO "${name}": ${reason}`, { cause: error }));
      }
    });
  });
}

/** Opens for reading at once, whether there is a writer or not. */
export function openForReading(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** Opens for writing; undefined when there is no reader. */
export function openForWriting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === "ENXIO") return undefined;
    throw error;
  }
}

/** Bytes read; `empty` when a writer is there and has written nothing, 0 when no writer is there. */
export function readNow(descriptor: number, into: Uint8Array): number | "empty" {
  try {
    return readSync(descriptor, into, 0, into.length, null);
  } catch (error) {
    if (codeOf(error) === "EAGAIN") return "empty";
    throw error;
  }
}

/** Writes at most {@linkcode ATOMIC_WRITE_BYTES}, whole or not at all. */
export function writeNow(descriptor: number, bytes: Uint8Array): "written" | "full" | "no reader" {
  try {
    writeSync(descriptor, bytes, 0, bytes.length, null);
    return "written";
  } catch (error) {
    const code = codeOf(error);
    if (code === "EAGAIN") return "full";
    if (code === "EPIPE") return "no reader";
    throw error;
  }
}

/** Closes a descriptor. */
export function close(descriptor: number): void {
  closeSync(descriptor);
}

/** The system's code of an error. */
export function codeOf(error: unknown): string {
  return errnoOf(error);
}
