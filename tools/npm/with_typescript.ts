import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { COMMAND, entryPoints } from "./manifest.ts";

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

/** The targets of `@std` imports, from the configuration that names the stand-ins. */
function standIns(): Record<string, string> {
  const { imports } = JSON.parse(readFileSync("deno.npm-only.json", "utf8"));
  return Object.fromEntries(
    Object.entries<string>(imports).filter(([name]) => name.startsWith("@std/")),
  );
}

function fail(diagnostics: readonly ts.Diagnostic[]): never {
  const host = {
    getCanonicalFileName: (path: string) => path,
    getCurrentDirectory: () => ".",
    getNewLine: () => "\n",
  };
  throw new Error(`Cannot compile the npm package:\n${ts.formatDiagnostics(diagnostics, host)}`);
}

/** Rewrites imports to compiled files: `./topic.ts` to `./topic.js`, and `@std/fs` to its stand-in. */
function withCompiledImports(path: string, text: string, places: Record<string, string>): string {
  return text.replace(
    /((?:from|import)\s*\(?\s*")([^"]+)(")/g,
    (whole, before: string, name: string, after: string) => {
      if (name.startsWith(".")) return before + name.replace(/\.ts$/, ".js") + after;
      const target = places[name];
      if (target === undefined) return whole;
      const from = relative(dirname(path), target.replace(/\.ts$/, ".js")).replaceAll("\\", "/");
      return before + (from.startsWith(".") ? from : `./${from}`) + after;
    },
  );
}

/**
 * Compiles the entry points and all they import with TypeScript's own compiler, one output module per source
 * module, under `folder`, with declarations. (`deno pack` was tried: its declarations lack every member named
 * by a symbol, so `await using driver = …` did not type-check.)
 */
export function compileWithTypescript(folder: string): void {
  const places = standIns();
  const paths = Object.fromEntries(Object.entries(places).map(([name, path]) => [name, [resolve(path)]]));
  const roots = [...Object.values(entryPoints), COMMAND.source];
  const program = ts.createProgram(roots, { ...OPTIONS, paths, rootDir: ".", outDir: "." });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  if (diagnostics.length > 0) fail(diagnostics);
  program.emit(undefined, (path, text) => {
    const its = relative(".", path).replaceAll("\\", "/");
    mkdirSync(dirname(join(folder, its)), { recursive: true });
    writeFileSync(join(folder, its), withCompiledImports(its, text, places));
  });
}
