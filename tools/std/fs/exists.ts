import { accessSync, constants, type Stats, statSync } from "node:fs";
import { access, stat } from "node:fs/promises";
import { isMissing } from "./_errors.ts";

/** What must be true of a path beside that it is there. */
export interface ExistsOptions {
  /** It can be read by this process. */
  isReadable?: boolean;
  /** It is a directory; not to be given with {@linkcode isFile}. */
  isDirectory?: boolean;
  /** It is a regular file. */
  isFile?: boolean;
}

function hasRightKind(found: Stats, options: ExistsOptions): boolean {
  if (options.isDirectory && options.isFile) {
    throw new TypeError(
      "ExistsOptions.options.isDirectory and ExistsOptions.options.isFile must not be true together",
    );
  }
  return !(options.isDirectory && !found.isDirectory()) && !(options.isFile && !found.isFile());
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EACCES";
}

/** Whether a path is there, and is what the options ask. A link counts as what it leads to. */
export async function exists(path: string | URL, options: ExistsOptions = {}): Promise<boolean> {
  try {
    if (!hasRightKind(await stat(path), options)) return false;
    if (options.isReadable) await access(path, constants.R_OK);
    return true;
  } catch (error) {
    if (isMissing(error) || (options.isReadable && isDenied(error))) return false;
    throw error;
  }
}

/** {@linkcode exists} without waiting. */
export function existsSync(path: string | URL, options: ExistsOptions = {}): boolean {
  try {
    if (!hasRightKind(statSync(path), options)) return false;
    if (options.isReadable) accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    if (isMissing(error) || (options.isReadable && isDenied(error))) return false;
    throw error;
  }
}
