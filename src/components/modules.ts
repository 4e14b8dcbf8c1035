/**
 * Loads what users name in options, documents and commands: `"name:module"` for drivers and components,
 * `"module:export"` for functions. A module is a path, a URL or a package.
 *
 * @module
 */
import { extname, isAbsolute, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ModuleLoadError } from "../errors.ts";
import { findPackageFile, isFile, whyNoFile } from "./package_lookup.ts";
import { messageOf } from "../text/message.ts";

/** A name, and the module that exports it, if given. */
interface NamedReference {
  /** The part before the first colon. */
  name: string;
  /** The part after it. */
  module?: string;
}

/** Splits `"name:module"` at the first colon; the module may contain more. */
export function parseNameAndModule(reference: string): NamedReference {
  const colon = reference.indexOf(":");
  if (colon === -1) return { name: reference };
  return { name: reference.slice(0, colon), module: reference.slice(colon + 1) };
}

/** A module and one of its exports. */
interface ExportReference {
  module: string;
  exportName: string;
}

/** Splits `"module:export"` at the last colon; undefined if no export is named. */
export function parseModuleAndExport(reference: string): ExportReference | undefined {
  const [, module, exportName] = /^(.*[^:]):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(reference) ?? [];
  if (module === undefined || exportName === undefined) return undefined;
  return SCHEMES_WITHOUT_SLASHES.test(`${module}:`) ? undefined : { module, exportName };
}

/**
 * The module in a form that is valid in every process: paths become absolute (relative to `base`, by default the
 * working directory), URLs and packages are unchanged.
 */
export function absoluteModule(module: string, base: string = process.cwd()): string {
  return isPath(module, base) ? resolve(base, module) : module;
}

/** The same for `"name:module"`; a name alone is unchanged. */
export function absoluteReference(reference: string, base?: string): string {
  const { name, module } = parseNameAndModule(reference);
  return module === undefined ? reference : `${name}:${absoluteModule(module, base)}`;
}

/** What to load, and for which purpose. */
interface ExportRequest {
  /** The purpose, as error messages state it, e.g. `validator "energy"`. */
  what: string;
  /** Path, URL or package. */
  module: string;
  /** Name of the export. */
  exportName: string;
  /** Whether to use the default export if there is none of that name. Default: true. */
  acceptsDefault?: boolean;
}

/** Imports a module and returns one of its exports; throws `ModuleLoadError`. */
export async function loadExport(request: ExportRequest): Promise<unknown> {
  const { what, exportName, acceptsDefault = true } = request;
  const module = absoluteModule(request.module);
  const exports = await importModule(what, module);
  if (exports[exportName] !== undefined) return exports[exportName];
  if (acceptsDefault && exports.default !== undefined) return exports.default;
  const names = Object.keys(exports).map((name) => `"${name}"`).join(", ") || "nothing";
  throw new ModuleLoadError(
    module,
    `Cannot load ${what} from "${module}": expected an export named "${exportName}"` +
      `${acceptsDefault ? " or a default export" : ""}, and the module exports ${names}`,
  );
}

/** The path of a `file:` URL, undefined for anything else; throws `ModuleLoadError` if there can be none. */
function pathOfUrl(what: string, module: string): string | undefined {
  if (!/^file:/i.test(module)) return undefined;
  try {
    return fileURLToPath(module);
  } catch (cause) {
    throw new ModuleLoadError(
      module,
      `Cannot load ${what} from "${module}": it is not the address of a file here`,
      { cause },
    );
  }
}

type Exports = Record<string, unknown>;

/** Throws `ModuleLoadError` if the module is a file that does not exist; returns its path, undefined for others. */
export function checkFile(what: string, module: string): string | undefined {
  const path = isAbsolute(module) ? module : pathOfUrl(what, module);
  const why = path && whyNoFile(path);
  if (why === undefined) return path;
  throw new ModuleLoadError(module, `Cannot load ${what} from "${module}": ${why}`);
}

async function importModule(what: string, module: string): Promise<Exports> {
  const path = checkFile(what, module);
  try {
    return path === undefined ? await importByName(module) : await import(pathToFileURL(path).href);
  } catch (error) {
    const where = path === undefined ? searchedPaths(module) : "";
    throw new ModuleLoadError(
      module,
      `Cannot load ${what} from "${module}": ${reason(error, path)}${where}`,
      {
        cause: error,
      },
    );
  }
}

/** URLs and packages. A package is resolved relative to this library first, then to the working directory. */
async function importByName(module: string): Promise<Exports> {
  const name = "Deno" in globalThis ? module : packageOfNpmUrl(module);
  try {
    return await import(name);
  } catch (error) {
    if (SCHEME.test(name)) throw error;
    const found = findPackageFile(name, process.cwd());
    if (found === undefined) throw error;
    return await import(pathToFileURL(found).href);
  }
}

/** Where a missing package was looked for; empty for other modules. */
function searchedPaths(module: string): string {
  const name = packageOfNpmUrl(module);
  if (SCHEME.test(name) || findPackageFile(name, process.cwd()) !== undefined) return "";
  return `; it was looked for next to this library and in the node_modules of "${process.cwd()}" and the folders above`;
}

/** Only Deno supports `npm:`; elsewhere the package named in the URL must be installed. */
function packageOfNpmUrl(module: string): string {
  const match = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)(?:@[^/]+)?(\/.*)?$/.exec(module);
  return match === null ? module : match[1] + (match[2] ?? "");
}

const SCHEME = /^[a-z][a-z0-9+.-]+:/i;
const SCHEMES_WITHOUT_SLASHES = /^(npm|jsr|node|data|file|https?|bun):$/i;

/** `energy.ts` is a path if there is such a file, otherwise a package. */
function isPath(module: string, base: string): boolean {
  if (isAbsolute(module) || /^\.\.?([/\\]|$)/.test(module)) return true;
  return !SCHEME.test(module) && isFile(resolve(base, module));
}

/**
 * Whether a function is a class: written as one, though its methods may be fields, or compiled to a function with
 * those methods in its prototype.
 */
export function isClass(exported: object, hasMethods: (prototype: object) => boolean): boolean {
  if (/^class\b/.test(Function.prototype.toString.call(exported))) return true;
  const { prototype } = exported as { prototype?: unknown };
  return typeof prototype === "object" && prototype !== null && hasMethods(prototype);
}

/** Node's errors for an ES module that it takes for CommonJS. */
const OUTSIDE_MODULE = /^(?:Unexpected token 'export'|Cannot use import statement outside a module)/;

function reason(error: unknown, path: string | undefined): string {
  const message = messageOf(error).replace(/\n.*/s, "");
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && path !== undefined && /^\.[cm]?tsx?$/.test(extname(path))) {
    return "this version of Node.js cannot load TypeScript; use a JavaScript module, or start with tsx";
  }
  if (
    error instanceof SyntaxError && path !== undefined && extname(path) === ".js" &&
    OUTSIDE_MODULE.test(message)
  ) {
    return `${message}; name it ".mjs", or put "type": "module" into the package.json beside it`;
  }
  return message;
}
