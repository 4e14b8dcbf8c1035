/**
 * Only regular files are opened. In a store from elsewhere, or one that others write to, there may be links, pipes,
 * sockets and devices under the names of files: a link could lead out of the store, opening a pipe would wait for a
 * writer for ever, and a device has no end.
 *
 * @module
 */
import * as nodeFs from "node:fs";
import { StorageError } from "../errors.ts";
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

/** Opens a regular file; `verb` is what is then done with it. */
export function openFile(fs: FileSystem, path: string, mode: OpenMode, verb = "open"): number {
  const fd = fs.openSync(path, FLAGS[mode]);
  try {
    const stat = fs.fstatSync(fd);
    if (stat.isFile()) return fd;
    const [errno, kind] = stat.isDirectory() ? ["EISDIR", "folder"] : ["EINVAL", "pipe, socket or device"];
    throw new StorageError(errno!, `Cannot ${verb} "${path}": it is a ${kind}, not a file (${errno})`);
  } catch (error) {
    release(fs, fd);
    throw error;
  }
}

/** The bytes of a file, at most `bytesMax`. */
export function readUpTo(fs: FileSystem, fd: number, bytesMax: number): Uint8Array {
  const { size } = fs.fstatSync(fd);
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
