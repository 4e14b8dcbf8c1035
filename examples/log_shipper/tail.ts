/**
 * Follows a file that other programs append to, through rotation: the file is renamed, and a new one is
 * created under the old name.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A complete line, without its line break. */
export interface TailedLine {
  inode: number;
  offset: number;
  end: number;
  line: string;
}

/** Where to resume. */
export interface TailPlace {
  inode: number;
  offset: number;
}

const CHUNK_BYTES = 64 * 1024;
/** Most lines returned at once: they are stored as one batch, completely or not at all. */
const LINES_MAX = 1000;
const POLL_MS = 100;
const NEWLINE = 0x0a;

/**
 * The lines of a file from a position on, several at a time, until the signal is aborted. A line is returned
 * only when it is complete, and no line of a renamed file is left out.
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
      // A different file, or the same one truncated: read from its start.
      const isSame = place?.inode === inode && place.offset <= fstatSync(file).size;
      let offset = isSame ? place!.offset : 0;
      while (!signal.aborted) {
        const lines = readLines(file, inode, offset);
        if (lines.length > 0) {
          offset = lines.at(-1)!.end;
          yield lines;
        } else if (statSync(path, { throwIfNoEntry: false })?.ino !== inode) {
          // Lines may have been written between the last read and the renaming.
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

/** Complete lines at an offset: those in one chunk, or one that is longer than a chunk. */
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
