/**
 * Follows a file that other programs append to, also when it is rotated: renamed, and begun anew under its old
 * name.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A whole line, without its line end. */
export interface TailedLine {
  inode: number;
  offset: number;
  end: number;
  line: string;
}

/** Where to go on. */
export interface TailPlace {
  inode: number;
  offset: number;
}

const CHUNK_BYTES = 64 * 1024;
/** Lines given together: so many are stored as one batch, wholly or not at all. */
const LINES_MAX = 1000;
const POLL_MS = 100;
const NEWLINE = 0x0a;

/**
 * The lines of a file from a place on, some at a time, for as long as the signal lets it. A line that is still
 * being written is not given before its end is there, and no line of a file that was renamed is left out.
 */
export async function* tail(
  path: string,
  from: TailPlace | undefined,
  signal: AbortSignal,
): AsyncGenerator<TailedLine[], void, void> {
  let place = from;
  while (!signal.aborted) {
    const file = openIfThere(path);
    if (file === undefined) {
      await pause(signal);
      continue;
    }
    try {
      const inode = fstatSync(file).ino;
      // Another file than the one before, or the same one that was cut: from its beginning.
      const isSame = place?.inode === inode && place.offset <= fstatSync(file).size;
      let offset = isSame ? place!.offset : 0;
      while (!signal.aborted) {
        const lines = readLines(file, inode, offset);
        if (lines.length > 0) {
          offset = lines.at(-1)!.end;
          yield lines;
        } else if (statSync(path, { throwIfNoEntry: false })?.ino !== inode) {
          // What was written just before it was renamed may have come between the two looks.
          const last = readLines(file, inode, offset);
          if (last.length === 0) break;
          offset = last.at(-1)!.end;
          yield last;
        } else if (fstatSync(file).size < offset) offset = 0;
        else await pause(signal);
      }
      place = { inode, offset };
    } finally {
      closeSync(file);
    }
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole lines at an offset: some of them, or one that is longer than a chunk. */
function readLines(file: number, inode: number, offset: number): TailedLine[] {
  let bytes = new Uint8Array(CHUNK_BYTES);
  let got = 0;
  for (;;) {
    const more = readSync(file, bytes, got, bytes.length - got, offset + got);
    got += more;
    const last = bytes.lastIndexOf(NEWLINE, got - 1);
    if (got > 0 && last >= 0) return split(bytes.subarray(0, last + 1), inode, offset);
    if (more === 0) return [];
    if (got === bytes.length) {
      const larger = new Uint8Array(2 * got);
      larger.set(bytes);
      bytes = larger;
    }
  }
}

function split(bytes: Uint8Array, inode: number, offset: number): TailedLine[] {
  const lines: TailedLine[] = [];
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length && lines.length < LINES_MAX;) {
    const end = bytes.indexOf(NEWLINE, at);
    const line = decoder.decode(bytes.subarray(at, end)).replace(/\r$/, "");
    lines.push({ inode, offset: offset + at, end: offset + end + 1, line });
    at = end + 1;
  }
  return lines;
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(POLL_MS, undefined, { signal }).catch(() => {});
}
