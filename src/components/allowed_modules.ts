/**
 * Consent to run code that a stored document names. Stored documents are untrusted: a topic may come from a
 * download, an archive or another user of the machine.
 *
 * @module
 */
import { statSync } from "node:fs";
import { isAbsolute, join, resolve, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { InvalidOptionError } from "../errors.ts";
import type { JsonValue } from "../json.ts";
import { reasonOf } from "../storage/storage_error.ts";
import { absoluteModule } from "./modules.ts";
import { realPath, type StoredModule, storedModule } from "./stored_module.ts";

/** The environment variable that allows modules for a whole process: paths and packages, separated by commas. */
export const LOAD_MODULES_VARIABLE = "DIASPORA_LOAD_MODULES";

/** Modules that stored documents may load. */
export class AllowedModules {
  readonly #files: readonly string[];
  readonly #folders: readonly string[];
  readonly #packages: ReadonlySet<string>;

  private constructor(files: readonly string[], folders: readonly string[], packages: ReadonlySet<string>) {
    this.#files = files;
    this.#folders = folders;
    this.#packages = packages;
  }

  /** No modules. */
  static readonly none: AllowedModules = new AllowedModules([], [], new Set());

  /**
   * Reads the option `load_modules`: each entry is the path of a file, the path of a folder with a trailing slash,
   * or the name of a package. Relative paths are resolved against the current working directory, once. Throws
   * `InvalidOptionError`.
   */
  static from(given: unknown, source = "load_modules"): AllowedModules {
    const entries = typeof given === "string" ? [given] : given ?? [];
    if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === "string" && entry !== "")) {
      throw refusal(
        source,
        given,
        'expected a list of paths and packages, e.g. ["./components/", "a-package"]',
      );
    }
    const files: string[] = [];
    const folders: string[] = [];
    const packages = new Set<string>();
    for (const entry of entries as string[]) {
      const path = pathOf(entry, source);
      if (path === undefined) {
        const module = storedModule(entry);
        if (module.kind !== "package" || module.name !== entry) {
          throw refusal(source, entry, "expected a path, or the name of a package");
        }
        packages.add(entry);
      } else if (/[/\\]$/.test(entry)) folders.push(path);
      else if (isFolder(path, entry, source)) {
        throw refusal(source, entry, `it is a folder: write "${entry}/" to allow every module in it`);
      } else files.push(path);
    }
    return new AllowedModules(files, folders, packages);
  }

  /** Whether the module was allowed here or by the environment. */
  allow(module: StoredModule): boolean {
    return this.#has(module) || fromEnvironment().#has(module);
  }

  #has(module: StoredModule): boolean {
    if (module.kind === "never") return false;
    if (module.kind === "package") return this.#packages.has(module.name);
    // Resolved on every call: a symbolic link may have changed.
    if (this.#files.some((path) => realPath(path) === module.path)) return true;
    return this.#folders.map(realPath).some((folder) =>
      module.path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
    );
  }
}

/** Such a list, valid in every working directory: relative paths become absolute. Throws `InvalidOptionError`. */
export function absoluteEntries(given: JsonValue): JsonValue {
  AllowedModules.from(given);
  return [given ?? []].flat().map((entry) => {
    const path = pathOf(entry as string, "load_modules");
    return path === undefined ? entry! : /[/\\]$/.test(entry as string) ? join(path, sep) : path;
  });
}

/** The absolute path of an entry; undefined for a package. */
function pathOf(entry: string, source: string): string | undefined {
  if (/^file:/i.test(entry)) {
    try {
      return fileURLToPath(entry);
    } catch (cause) {
      throw refusal(source, entry, "it is not the address of a file here", cause);
    }
  }
  // Only folders end with a slash, whatever the beginning.
  if (/[/\\]$/.test(entry) && !/^[a-z][a-z0-9+.-]+:/i.test(entry)) return resolve(entry);
  const absolute = absoluteModule(entry);
  return isAbsolute(absolute) ? absolute : undefined;
}

/** Whether the path of an entry is a folder; throws if no one could say, as of a path below a file. */
function isFolder(path: string, entry: string, source: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (cause) {
    throw refusal(source, entry, reasonOf(cause), cause);
  }
}

function refusal(source: string, value: unknown, expected: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError(
    "load_modules",
    `Cannot use ${JSON.stringify(value)} in "${source}": ${expected}`,
    cause === undefined ? undefined : { cause },
  );
}

/** Read lazily: a runtime may ask its user for permission to read the environment. */
function fromEnvironment(): AllowedModules {
  let text: string | undefined;
  try {
    text = process.env[LOAD_MODULES_VARIABLE];
  } catch {
    return AllowedModules.none;
  }
  const entries = (text ?? "").split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
  return entries.length === 0 ? AllowedModules.none : AllowedModules.from(entries, LOAD_MODULES_VARIABLE);
}
