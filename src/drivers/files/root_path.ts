import { resolve } from "node:path";
import type { JsonObject } from "../../json.ts";
import { storageError } from "../../storage/storage_error.ts";

/** The default location of topics. */
export const ROOT_PATH_DEFAULT = "./diaspora_data";

/** An absolute path, valid in any working directory. */
export function absolutePath(path: string): string {
  try {
    return resolve(path);
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
  return typeof path === "string" && path !== "" ? { ...options, root_path: absolutePath(path) } : options;
}
