import { isAbsolute, resolve } from "node:path";
import process from "node:process";
import type { JsonObject } from "../../json.ts";
import { storageError } from "../../storage/storage_error.ts";

/** The default location of topics. */
export const ROOT_PATH_DEFAULT = "./diaspora_data";

/** An absolute path, valid in any working directory. */
export function absolutePath(path: string): string {
  try {
    // Bun's `resolve` takes a folder of its own for a working directory that was removed; its `cwd` says so.
    return isAbsolute(path) ? resolve(path) : resolve(process.cwd(), path);
  } catch (cause) {
    // The working directory was removed.
    throw storageError("find the working directory of", path, cause);
  }
}

/**
 * The driver's options with an absolute `root_path`: a relative one is resolved now, so that a later change of the
 * working directory has no effect.
 */
export function withAbsoluteRoot(options: JsonObject): JsonObject {
  const { root_path: path = ROOT_PATH_DEFAULT } = options;
  return withAbsolutePath({ ...options, root_path: path });
}

/** The same, where options without a `root_path` stay so: those of other drivers have none. */
export function withAbsolutePath(options: JsonObject): JsonObject {
  const { root_path: path } = options;
  // Invalid values are rejected when the options are validated.
  return typeof path === "string" && path !== "" && !isMisread(path)
    ? { ...options, root_path: absolutePath(path) }
    : options;
}

/**
 * Whether a text means another place than it would as a path: a URL (a folder `file:`; one letter is a drive: `C://data`),
 * or the home folder, which the shell puts in place of `~` where that begins a word, but not after `=` nor in files.
 */
export function isMisread(path: string): boolean {
  return /^[a-z][a-z\d+.-]+:\/\//i.test(path) || path === "~" || path.startsWith("~/");
}
