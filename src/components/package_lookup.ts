/**
 * Finds a package in the `node_modules` of a folder and of its parents. The runtimes resolve relative to the
 * importing file instead: a program compiled into one file has no `node_modules` beside it, and users who name a
 * package mean the one in the working directory.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject } from "../json.ts";
import { reasonOf } from "../storage/storage_error.ts";

/** Conditions of `exports` that apply in every runtime. */
const CONDITIONS = ["import", "node", "module", "default"];

/** The file that `import "name"` would load from a file in `folder`; undefined if there is none. */
export function findPackageFile(name: string, folder: string): string | undefined {
  const [, packageName, subpath = ""] = /^((?:@[^/]+\/)?[^@./][^/]*)(\/.*)?$/.exec(name) ?? [];
  if (packageName === undefined) return undefined;
  for (let at = folder;; at = dirname(at)) {
    const root = join(at, "node_modules", packageName);
    const description = readJson(join(root, "package.json"));
    if (description !== undefined) return fileOf(root, description, subpath);
    if (dirname(at) === at) return undefined;
  }
}

interface PackageDescription {
  exports?: unknown;
  module?: unknown;
  main?: unknown;
}

function fileOf(
  root: string,
  { exports, module, main }: PackageDescription,
  subpath: string,
): string | undefined {
  const target = exports !== undefined
    ? exportedFile(exports, `.${subpath}`)
    : subpath !== ""
    ? `.${subpath}`
    : module ?? main ?? "index.js";
  if (typeof target !== "string") return undefined;
  return [target, `${target}.js`, `${target}/index.js`].map((path) => join(root, path)).find(isFile);
}

function exportedFile(exports: unknown, wanted: string): unknown {
  const bySubpath = isObject(exports) && Object.keys(exports).every((key) => key.startsWith("."));
  if (!bySubpath) return wanted === "." ? withConditions(exports) : undefined;
  if (Object.hasOwn(exports, wanted)) return withConditions(exports[wanted]);
  for (const [key, target] of Object.entries(exports)) {
    const [before = "", after] = key.split("*");
    if (after === undefined || !wanted.startsWith(before) || !wanted.endsWith(after)) continue;
    const file = withConditions(target);
    if (typeof file === "string") {
      return file.replaceAll("*", () => wanted.slice(before.length, wanted.length - after.length));
    }
  }
  return undefined;
}

function withConditions(target: unknown): unknown {
  if (!isObject(target)) return target;
  for (const [condition, file] of Object.entries(target)) {
    if (CONDITIONS.includes(condition)) return withConditions(file);
  }
  return undefined;
}

function readJson(path: string): PackageDescription | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Whether the file exists; symbolic links are followed. */
export function isFile(path: string): boolean {
  return whyNoFile(path) === undefined;
}

/** Why there is no such file, or none that this process may look at; undefined if there is one. */
export function whyNoFile(path: string): string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? undefined : "no such file";
  } catch (cause) {
    return reasonOf(cause);
  }
}
