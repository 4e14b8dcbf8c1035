/**
 * Only regular files are opened. In a store from elsewhere, or one that others write to, there may be links, pipes,
 * sockets and devices under the names of files: a link could lead out of the store, opening a pipe would wait for a
 * writer for ever, and a device has no end.
 *
 * @module
 */
import * as nodeFs from "node:fs";
import { StorageError } from "../errors.ts";
import { errnoOf } from "./errno.ts";
import type { OpenMode } from "./port.ts";
import { type FileSystem, release } from "./system.ts";

// Windows has no such flags: links are rare there, and only administrators make them.
const { O_RDONLY, O_RDWR, O_APPEND, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = nodeFs.constants;
const EVERY = O_NOFOLLOW | O_NONBLOCK;
const FLAGS: Record<OpenMode, number> = {
  read: O_RDONLY | EVERY,
  append: O_RDWR | O_APPEND | EVERY,
  update: O_RDWR | EVERY,
};

/** Opens a regular file, and gives its descriptor and size; `verb` is what is then done with it. */
export function openFile(
  fs: FileSystem,
  path: string,
  mode: OpenMode,
  verb = "open",
): { fd: number; size: number } {
  const fd = fs.openSync(path, FLAGS[mode]);
  try {
    const stat = fs.fstatSync(fd);
    if (stat.isFile()) return { fd, size: stat.size };
    const [errno, kind] = stat.isDirectory() ? ["EISDIR", "folder"] : ["EINVAL", "pipe, socket or device"];
    throw new StorageError(
      errno!,
      `Cannot ${verb} "${path}": it is a ${kind}, not a file; move it away (${errno})`,
    );
  } catch (error) {
    release(fs, fd);
    throw error;
  }
}

/** How often a file is looked for again that was removed or replaced while it was read. */
const READS_MAX = 5;

/**
 * Whether a call says that an open file was removed. Where another machine removes it, the system cannot keep it for
 * those that have it open: NFS answers ESTALE, some FUSE file systems ENOENT.
 */
export function isGone(error: unknown): boolean {
  return ["ENOENT", "ESTALE"].includes(errnoOf(error));
}

/** The bytes of a small file, at most `bytesMax`; undefined if there is none. */
export function readIfThere(fs: FileSystem, path: string, bytesMax: number): Uint8Array | undefined {
  for (let reads = 1;; reads++) {
    // Mostly asked for what may be absent: an error costs far more than this look, above all the first one.
    if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    let opened: { fd: number; size: number };
    try {
      opened = openFile(fs, path, "read", "read");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      if (isGone(error) && reads < READS_MAX) continue;
      throw error;
    }
    try {
      return readUpTo(fs, opened, bytesMax);
    } catch (error) {
      if (!isGone(error) || reads === READS_MAX) throw error;
    } finally {
      release(fs, opened.fd);
    }
  }
}

function readUpTo(
  fs: FileSystem,
  { fd, size }: { fd: number; size: number },
  bytesMax: number,
): Uint8Array {
  if (size <= bytesMax) return new Uint8Array(fs.readFileSync(fd));
  const bytes = new Uint8Array(bytesMax);
  let got = 0;
  while (got < bytesMax) {
    const more = fs.readSync(fd, bytes, got, bytesMax - got, got);
    if (more === 0) break;
    got += more;
  }
  return bytes.subarray(0, got);
}
