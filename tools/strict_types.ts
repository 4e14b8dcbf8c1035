/**
 * Checks `src/` as the library's users may: with `noUncheckedIndexedAccess` and `exactOptionalPropertyTypes`.
 * Tests and tools are not checked that way, so these are not options in `deno.json`.
 */
import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import process from "node:process";
import ts from "typescript";

/** The compiler's errors, as `file:line: what`. */
function strictFaults(): string[] {
  const files = [...walkSync("src", { exts: ["ts"] })].map(({ path }) => path);
  const { compilerOptions } = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  const { options } = ts.convertCompilerOptionsFromJson({
    ...compilerOptions,
    lib: compilerOptions.lib.map((name: string) => name.toLowerCase()),
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
  }, ".");
  const program = ts.createProgram(files, options);
  return files.flatMap((file) => {
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
