import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
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

function fail(diagnostics: readonly ts.Diagnostic[]): never {
  const host = {
    getCanonicalFileName: (path: string) => path,
    getCurrentDirectory: () => ".",
    getNewLine: () => "\n",
  };
  throw new Error(`Cannot compile the npm package:\n${ts.formatDiagnostics(diagnostics, host)}`);
}

/** Rewrites imports to compiled files: `./topic.ts` to `./topic.js`. */
function withCompiledImports(text: string): string {
  return text.replace(/((?:from|import)\s*\(?\s*"\.[^"]+)\.ts"/g, '$1.js"');
}

/**
 * Compiles the entry points and all they import with TypeScript's own compiler, one output module per source
 * module, under `folder`, with declarations. (`deno pack` was tried: its declarations lack every member named
 * by a symbol, so `await using driver = …` did not type-check.)
 */
export function compileWithTypescript(folder: string): void {
  const roots = [...Object.values(entryPoints), COMMAND.source];
  const program = ts.createProgram(roots, { ...OPTIONS, rootDir: ".", outDir: "." });
  const diagnostics = ts.getPreEmitDiagnostics(program);
  if (diagnostics.length > 0) fail(diagnostics);
  program.emit(undefined, (path, text) => {
    const its = relative(".", path).replaceAll("\\", "/");
    mkdirSync(dirname(join(folder, its)), { recursive: true });
    writeFileSync(join(folder, its), withCompiledImports(text));
  });
}
