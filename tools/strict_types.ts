/**
 * Checks `src/` and the examples of the documentation as the library's users may: with `noUncheckedIndexedAccess` and
 * `exactOptionalPropertyTypes`, which `tsc --init` sets. Tests and tools are not checked that way, so these are not
 * options in `deno.json`.
 */
import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import ts from "typescript";

/** Every example, by the path of a file beside the one that it stands in. */
function examplesOf(files: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of files) {
    const margin = file.endsWith(".md") ? "" : String.raw` *\* ?`;
    const fenced = new RegExp(`^${margin}\`\`\`(?:ts|typescript)\\n(.*?)^${margin}\`\`\``, "gms");
    for (const { 1: code = "", index } of readFileSync(file, "utf8").matchAll(fenced)) {
      found.set(resolve(`${file}.${index}.mts`), code.replaceAll(new RegExp(`^${margin}`, "gm"), ""));
    }
  }
  return found;
}

/** The compiler's errors, as `file:line: what`. */
function strictFaults(): string[] {
  const files = [...walkSync("src", { exts: ["ts"] })].map(({ path }) => path);
  const pages = [...walkSync("docs", { exts: ["md"] })].map(({ path }) => path);
  const examples = examplesOf([...files, "mod.ts", ...pages, "README.md"]);
  const { compilerOptions } = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  const { options } = ts.convertCompilerOptionsFromJson({
    ...compilerOptions,
    lib: compilerOptions.lib.map((name: string) => name.toLowerCase()),
    baseUrl: ".",
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
  }, ".");
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, version) => {
    const example = examples.get(resolve(name));
    return example === undefined ? getSourceFile(name, version) : ts.createSourceFile(name, example, version);
  };
  const checked = [...files, ...examples.keys()];
  const program = ts.createProgram(checked, options, host);
  return checked.flatMap((file) => {
    const source = program.getSourceFile(file)!;
    return program.getSemanticDiagnostics(source).map(({ start = 0, messageText }) => {
      const line = source.getLineAndCharacterOfPosition(start).line + 1;
      return `${file}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  });
}

const faults = strictFaults();
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
