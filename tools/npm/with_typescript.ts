import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { emptyDirSync } from "@std/fs/empty-dir";
import { ensureDirSync } from "@std/fs/ensure-dir";
import ts from "typescript";
import { COMMAND, entryPoints, manifest } from "./manifest.ts";

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: [
    "lib.es2023.d.ts",
    "lib.es2024.promise.d.ts",
    "lib.es2024.string.d.ts",
    "lib.esnext.disposable.d.ts",
    "lib.dom.d.ts",
    "lib.dom.asynciterable.d.ts",
  ],
  types: ["node"],
  strict: true,
  noImplicitOverride: true,
  skipLibCheck: true,
  declaration: true,
  rewriteRelativeImportExtensions: true,
};

/** Where the `@std` imports lead, from the configuration that names the stand-ins. */
const standIns: Record<string, string> = Object.fromEntries(
  Object.entries<string>(JSON.parse(readFileSync("deno.npm-only.json", "utf8")).imports)
    .filter(([name]) => name.startsWith("@std/")),
);

/** Compiled files by path from the root of the package. */
type Files = Map<string, string>;

function fail(diagnostics: readonly ts.Diagnostic[]): never {
  const host = {
    getCanonicalFileName: (path: string) => path,
    getCurrentDirectory: () => ".",
    getNewLine: () => "\n",
  };
  throw new Error(`Cannot compile the npm package:\n${ts.formatDiagnostics(diagnostics, host)}`);
}

/** Checks and compiles the entry points and everything they import. */
function compile(roots: string[]): Files {
  const paths = Object.fromEntries(Object.entries(standIns).map(([name, path]) => [name, [resolve(path)]]));
  const program = ts.createProgram(roots, { ...OPTIONS, paths, rootDir: ".", outDir: "." });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  if (diagnostics.length > 0) fail(diagnostics);
  const files: Files = new Map();
  program.emit(undefined, (path, text) => files.set(relative(".", path), text));
  return files;
}

/** Makes imports lead to compiled files: `./topic.ts` to `./topic.js`, and `@std/fs` to its stand-in. */
function withCompiledImports(path: string, text: string): string {
  return text.replace(
    /((?:from|import)\s*\(?\s*")([^"]+)(")/g,
    (whole, before: string, name: string, after: string) => {
      if (name.startsWith(".")) return before + name.replace(/\.ts$/, ".js") + after;
      const target = standIns[name];
      if (target === undefined) return whole;
      const from = relative(dirname(path), target.replace(/\.ts$/, ".js"));
      return before + (from.startsWith(".") ? from : `./${from}`) + after;
    },
  );
}

/** Compiled code without comments, which its readers find in the declarations; they were a third of it. */
function withoutComments(path: string, text: string): string {
  const compilerOptions: ts.CompilerOptions = { ...OPTIONS, allowJs: true, removeComments: true };
  return ts.transpileModule(text, { fileName: path, compilerOptions }).outputText;
}

/** The declarations that users' compilers reach from the entry points; the others describe inner modules. */
function reachable(files: Files, roots: string[]): Set<string> {
  const found = new Set<string>();
  const visit = (path: string): void => {
    const text = files.get(path);
    if (text === undefined || found.has(path)) return;
    found.add(path);
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (fileName.startsWith(".")) visit(join(dirname(path), fileName.replace(/\.[jt]s$/, ".d.ts")));
    }
  };
  roots.forEach(visit);
  return found;
}

/**
 * Builds the npm package with TypeScript's own compiler. (`deno pack` was tried: the declarations it writes lack
 * every member named by a symbol, so that `await using driver = …` did not check.)
 */
export function buildWithTypescript(output: string): void {
  const sources = Object.values(entryPoints);
  const files = compile([...sources, COMMAND.source]);
  const declarations = reachable(files, sources.map((source) => join(source.replace(/\.ts$/, ".d.ts"))));
  emptyDirSync(output);
  for (const [path, text] of files) {
    if (path.endsWith(".d.ts") && !declarations.has(path)) continue;
    ensureDirSync(dirname(join(output, path)));
    const its = path.endsWith(".js") ? withoutComments(path, text) : text;
    writeFileSync(join(output, path), withCompiledImports(path, its).replace(/^#!.*/, "#!/usr/bin/env node"));
  }
  for (const name of ["LICENSE", "README.md"]) copyFileSync(name, join(output, name));
  writeFileSync(join(output, "package.json"), JSON.stringify(manifest(), null, 2) + "\n");
}
