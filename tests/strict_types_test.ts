// `noUncheckedIndexedAccess` and `exactOptionalPropertyTypes` for all of `src/`; tests and tools go without.
import { assertEquals } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import ts from "typescript";
import { test } from "./harness.ts";

test("the source takes no index for there and no optional property for undefined", () => {
  const files = [...walkSync("src", { exts: ["ts"] })].map(({ path }) => path);
  const { compilerOptions } = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  const { options } = ts.convertCompilerOptionsFromJson({
    ...compilerOptions,
    lib: compilerOptions.lib.map((name: string) => name.toLowerCase()),
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
  }, ".");
  const program = ts.createProgram(files, options);
  const found = files.flatMap((file) => {
    const source = program.getSourceFile(file)!;
    return program.getSemanticDiagnostics(source).map(({ start = 0, messageText }) => {
      const line = source.getLineAndCharacterOfPosition(start).line + 1;
      return `${file}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  });
  assertEquals(found, []);
});
