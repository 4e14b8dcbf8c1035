import { assert, assertEquals } from "@std/assert";
import ts from "typescript";
import { applyMutant, mutantsOf } from "../../tools/mutate/mutants.ts";
import { withSwitch } from "../../tools/mutate/schemata.ts";
import { findMutants, findSources, isOfCore, NAMED, readSource } from "../../tools/mutate/sandbox.ts";
import { test } from "../harness.ts";

/** Operators found in a text, each with its replacement. */
function changes(text: string): string[] {
  return mutantsOf("a.ts", text, 0).map(({ operator, replacement }) => `${operator}: ${replacement}`);
}

/** The syntax errors of a text. */
function errorsOf(text: string): string[] {
  const { diagnostics } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: 99 },
  });
  return (diagnostics ?? []).map(({ messageText }) => String(messageText));
}

/** Runs a function body in which `is(7)` says whether mutant 7 is active. */
function run(text: string, active: number): unknown {
  const switched = withSwitch(text, mutantsOf("a.ts", text, 0), "switch").replace(/^import .*?; /, "");
  const script = ts.transpileModule(switched, { compilerOptions: { target: 99 } }).outputText;
  let calls = 0;
  const is = (number: number): boolean => {
    if (++calls > 1000) throw new Error("it does not end");
    return number === active;
  };
  return new Function("__is", script + "\nreturn f;")(is)();
}

test("comparisons, conditions, logic, arithmetic, literals, calls and statements are mutated", () => {
  const cases: [string, string[]][] = [
    ["const a = b < c;", ["< to <=: b <= c", "< to >=: b >= c"]],
    ["const a = b === c;", ["=== to !==: b !== c"]],
    ["const a = b || c;", ["|| without its right side: b", "|| without its left side: c"]],
    ["const a = b ?? c;", ["?? without its right side: b", "?? without its left side: c"]],
    ["const a = b * c;", ["* to /: b / c"]],
    ["const a = !b;", ["! removed: b"]],
    ["const a = true;", ["true to false: false"]],
    ["const a = [4096, 1, 0];", ["list emptied: []", "4096 to 0: 0", "1 to 0: 0", "0 to 1: 1"]],
    ['const a = "b";', ['text emptied: ""']],
    ["const a = Math.min(b, c);", ["min to max: Math.max(b, c)"]],
    ["const a = b.filter(c).d;", ["filter left out: b"]],
    ["a();", ["statement removed: "]],
    ["if (a === b) c();", [
      "condition always holds: true",
      "condition never holds: false",
      "statement removed: ",
    ]],
    ["for (const a of b) c();", ["loop removed: ", "statement removed: "]],
    ["const a = new Promise((go) => b(go));", ["promise resolves at once: go()"]],
    ["function a() { b(); return c; }", ["statement removed: ", "function returns at once: return;"]],
  ];
  for (const [text, expected] of cases) assertEquals(changes(text), expected, text);
});

test("types, imports, names and messages are not mutated", () => {
  for (
    const text of [
      'import { a } from "b";',
      "type A = 1 | true;",
      "interface A { b: 0 }",
      'const a = { "b": c };',
      'const a = "some words";',
      "const a = `${b} words`;",
      'const a = new OurError("code");',
      "const [a, b] = c;",
    ]
  ) assertEquals(changes(text), [], text);
});

test("an instrumented file behaves as before until a mutant is active", () => {
  const text = `
function f() {
  const out = [];
  for (let i = 0; i < 3; i++) {
    if (i === 1) continue; else if (i > 5) throw new Error("no");
    out.push(i * 2 + 1);
  }
  try { out.push("x" + out.length); } finally { out.push(false); }
  return JSON.stringify(out.filter((one) => one !== null));
}`;
  const mutants = mutantsOf("a.ts", text, 0);
  assertEquals(run(text, -1), '[1,5,"x2",false]');
  const same = mutants.filter(({ number }) => {
    try {
      return run(text, number) === run(text, -1);
    } catch {
      return false;
    }
  });
  // Nothing is above 5, and nothing is null: mutations of those change nothing.
  assert(mutants.length > 25);
  assertEquals(
    same.map(({ operator }) => operator),
    ["condition never holds", "> to >=", "5 to 6", "throw removed", "filter left out"],
  );
});

test("a single mutant and the same one chosen by its switch behave alike", () => {
  const text = "function f() { let a = 1; if (a > 0 && a < 5) { a += 2; } a = a ** 2; return [a, -a]; }";
  for (const mutant of mutantsOf("a.ts", text, 0)) {
    const alone = new Function(`${applyMutant(text, mutant)}\nreturn f;`)()();
    assertEquals(run(text, mutant.number), alone, mutant.id);
  }
});

test("every instrumented source is valid TypeScript, and its mutants have distinct names", () => {
  const files = findSources(NAMED).filter((file) => !isOfCore({ file }));
  assert(files.length > 50);
  const mutants = findMutants(files);
  assertEquals(new Set(mutants.map(({ id }) => id)).size, mutants.length);
  for (const file of files) {
    const its = mutants.filter((mutant) => mutant.file === file);
    assertEquals(errorsOf(withSwitch(readSource(file), its, "./switch.ts")), [], file);
  }
});

test("what the tests import of their harness is there where they are collected for mutants", async () => {
  const names = async (path: string): Promise<string[]> => Object.keys(await import(path)).sort();
  const collector = await names("../../tools/mutate/collector.ts");
  assertEquals(collector.filter((name) => name !== "collected"), await names("../harness.ts"));
});

test("a mutant is known again as long as its function is the same, wherever that is", () => {
  const unitsOf = (text: string, file = "a.ts"): string[] =>
    mutantsOf(file, text, 0).map(({ unit, index }) => `${unit} ${index}`);
  const one = "function one(a) { return a < 2 ? a : 0; }";
  const two = "class Two { get b() { return !this.#b; } c() { this.d(); this.e(); } }";
  const known = unitsOf(`${one}\n${two}`);
  assertEquals(new Set(known).size, known.length);
  // In another order and file, and with a comment and other names.
  const moved = unitsOf(`${two}\n// Why.\n${one.replaceAll("a", "other")}`, "b.ts");
  assertEquals(moved.toSorted(), known.toSorted());
  // Only what has changed is new.
  const changed = unitsOf(`${one}\n${two.replace("this.e()", "this.d()")}`);
  assertEquals(changed.filter((unit) => !known.includes(unit)).length, 3);
  // Constants of the same name and value are in different files.
  assertEquals(unitsOf("const MAX = 1;")[0] === unitsOf("const MAX = 1;", "b.ts")[0], false);
});
