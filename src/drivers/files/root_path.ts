import { resolve } from "node:path";
import type { JsonObject } from "../../json.ts";
import { storageError } from "../../storage/storage_error.ts";

/** Where topics are unless the driver's options say otherwise. */
export const ROOT_PATH_DEFAULT = "./diaspora_data";

/** A path as it reads from any working directory. */
export function absolutePath(path: string): string {
  try {
    return resolve(path);
  } catch (cause) {
    // The working directory was removed.
    throw storageError("find the working directory of", path, cause);
  }
}

/**
 * The driver's options with an absolute `root_path`: a relative one means the folder that it names now, wherever
 * the program goes later.
 */
export function withAbsoluteRoot(options: JsonObject): JsonObject {
  const { root_path: path = ROOT_PATH_DEFAULT } = options;
  // Anything else is refused when the options are read.
  return typeof path === "string" && path !== "" ? { ...options, root_path: absolutePath(path) } : options;
}
