// `noUncheckedIndexedAccess` and `exactOptionalPropertyTypes`, folder by folder: what stands here stays free of what they
// find. The rest of `src/` follows.
import { assertEquals } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import ts from "typescript";
import { test } from "./harness.ts";

const STRICT = [
  "src/components",
  "src/consumer",
  "src/contract",
  "src/contract.ts",
  "src/cpp_files",
  "src/drivers/files",
  "src/drivers/kafka",
  "src/drivers/memory",
  "src/event",
  "src/log",
  "src/otel",
  "src/producer",
  "src/testing",
  "src/ui",
  "src/storage",
];

test("what keeps, sends and reads events takes no index for there and no optional property for undefined", () => {
  const files = STRICT.flatMap((path) =>
    path.endsWith(".ts") ? [path] : [...walkSync(path, { exts: ["ts"] })].map(({ path }) => path)
  );
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
