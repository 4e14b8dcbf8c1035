// `tsc --init` sets exactOptionalPropertyTypes: an option of type `signal?: AbortSignal` then refuses a variable that
// may be undefined, so that `events({ signal: request?.signal })` did not compile, though it runs.
import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { Driver } from "../mod.ts";
import { copyOptions, invalidOption } from "../src/options.ts";
import { test } from "./harness.ts";

const ENTRY_POINTS = ["./mod.ts", "./src/otel/mod.ts", "./src/cpp_files/mod.ts"];

const ACCEPTS = `
type Optional<T> = { [K in keyof T as Record<never, never> extends Pick<T, K> ? K : never]?: T[K] | undefined };
type Accepts<T> = [Optional<T>] extends [Partial<T>] ? true : "an option refuses undefined";
`;

/** What the compiler complains about, in a program at the root of the repository. */
function errorsOf(program: string): string[] {
  const { compilerOptions } = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  const lib = compilerOptions.lib.map((name: string) => name.toLowerCase());
  const exact = { ...compilerOptions, lib, exactOptionalPropertyTypes: true };
  const { options } = ts.convertCompilerOptionsFromJson(exact, ".");
  const host = ts.createCompilerHost(options);
  const path = resolve("exact_options.ts");
  const { getSourceFile } = host;
  host.getSourceFile = (name, version) =>
    resolve(name) === path ? ts.createSourceFile(name, program, version) : getSourceFile(name, version);
  const compiled = ts.createProgram([path], options, host);
  return compiled.getSemanticDiagnostics(compiled.getSourceFile(path))
    .map(({ start = 0 }) => program.slice(start).split(":", 1)[0]);
}

test("every option may be undefined, also with exactOptionalPropertyTypes", () => {
  const imports: string[] = [];
  const checks: string[] = [];
  for (const file of ENTRY_POINTS) {
    // A consumer's request is what drivers get, and complete.
    const exported = readFileSync(file, "utf8").match(/\b(?!ConsumerRequest)[A-Z]\w*(?:Options|Request)\b/g);
    const types = [...new Set(exported)];
    imports.push(`import type { ${types.join(", ")} } from "${file}";`);
    checks.push(...types.map((type) => `export const accepts${type}: Accepts<${type}> = true;`));
  }
  checks.push("export const refuses: Accepts<{ n?: number }> = true;");
  assertEquals(errorsOf([...imports, ACCEPTS, ...checks].join("\n")), ["refuses"]);
});

test("an option that is undefined is not given: what a topic keeps is not changed by it, and drivers do not see it", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("topic", { num_partitions: 2 });
  await using topic = await driver.openTopic("topic");
  const changes: { num_partitions?: number } = { num_partitions: undefined };
  await topic.edit(changes as Record<string, number>);
  assertEquals(Object.keys(copyOptions("driver", { address: undefined, kept: null })), ["kept"]);
});

test("a secret that is undefined is named so", () => {
  // As from a variable of the environment that is not set; it was "a undefined".
  const { message } = invalidOption("kafka", "sasl.password", undefined, "text");
  assertEquals(message, 'Cannot use undefined as kafka option "sasl.password": expected text');
});
