import { realpathSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { absoluteModule } from "./modules.ts";

/** How a module's name in a stored document is interpreted. */
export type StoredModule =
  /** A file: its real path, or the path it would have. */
  | { kind: "file"; path: string }
  /** A package, or a module in one; `name` is what has to be allowed. */
  | { kind: "package"; name: string; specifier: string }
  /** Never loaded from a stored document. */
  | { kind: "never"; why: string };

/** A package as `import` accepts it: its name, and an optional path that cannot leave it. */
const PACKAGE = /^((?:@[a-z0-9~_-][\w.~-]*\/)?[a-z0-9~_-][\w.~-]*)((?:\/[\w.~@+-]+)*)$/i;
/** The same with a registry and a version. */
const REGISTRY_PACKAGE = /^((?:npm|jsr):\/?(?:@[\w.~-]+\/)?[\w.~-]+(?:@[\w.~^*+-]+)?)((?:\/[\w.~@+-]+)*)$/i;
const SCHEME = /^\s*([a-z][a-z0-9+.-]*):/i;

/** Interprets a module's name in a stored document; loads nothing. */
export function storedModule(module: string): StoredModule {
  if (/^file:/i.test(module)) {
    try {
      return file(fileURLToPath(module));
    } catch {
      return { kind: "never", why: "it is not the address of a file here" };
    }
  }
  const absolute = absoluteModule(module);
  if (isAbsolute(absolute)) return file(absolute);
  const [, name, subpath = ""] = PACKAGE.exec(module) ?? REGISTRY_PACKAGE.exec(module) ?? [];
  if (name !== undefined && !subpath.split("/").some((part) => part === "." || part === "..")) {
    if (!isBuiltin(module)) return { kind: "package", name, specifier: module };
    return { kind: "never", why: "modules of the runtime itself are never loaded from a stored topic" };
  }
  const scheme = SCHEME.exec(module)?.[1];
  return {
    kind: "never",
    why: scheme === undefined
      ? "it is neither a path nor a package"
      : `"${scheme.toLowerCase()}:" modules are never loaded from a stored topic`,
  };
}

function file(path: string): StoredModule {
  return path.includes("\0")
    ? { kind: "never", why: "it has a zero character" }
    : { kind: "file", path: realPath(resolve(path)) };
}

/** The real path of a file; symbolic links are followed as far as the path exists. */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}
