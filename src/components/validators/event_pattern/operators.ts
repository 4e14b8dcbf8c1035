import { isObject, type JsonValue } from "../../../json.ts";
import { compileCidr } from "./cidr.ts";
import { compileNumeric } from "./numeric.ts";
import { wrongPattern } from "./refuse.ts";
import { compileWildcard } from "./wildcard.ts";

/** A primitive value; arrays are matched element by element. */
export type Scalar = string | number | boolean | null;

/** Whether a value matches. */
export type ScalarTest = (value: Scalar) => boolean;

type OperatorCompiler = (operand: JsonValue, path: string) => ScalarTest;

/** The operators allowed in a field's list as `{ "operator": operand }`. The list itself handles `exists`. */
const OPERATORS = new Map<string, OperatorCompiler>([
  ["prefix", (operand, path) => textTest(operand, path, startsWith, true)],
  ["suffix", (operand, path) => textTest(operand, path, endsWith, true)],
  ["equals-ignore-case", (operand, path) => textTest(operand, path, equalsIgnoringCase)],
  ["wildcard", (operand, path) => textTest(operand, path, compileWildcard)],
  ["cidr", (operand, path) => textTest(operand, path, compileCidr)],
  ["numeric", (operand, path) => {
    const test = compileNumeric(operand, path);
    return (value) => typeof value === "number" && test(value);
  }],
  ["anything-but", compileAnythingBut],
]);

/** The operators that `anything-but` can negate. */
const NEGATABLE = ["prefix", "suffix", "equals-ignore-case", "wildcard", "numeric", "anything-but"];

/** The names of all operators. */
export const OPERATOR_NAMES: readonly string[] = [...OPERATORS.keys(), "exists"];

/** Compiles `{ "operator": operand }`. */
export function compileOperator(name: string, operand: JsonValue, path: string): ScalarTest | undefined {
  return OPERATORS.get(name)?.(operand, path);
}

/** Whether the value is one of the given ones. */
export function oneOf(values: readonly Scalar[]): ScalarTest {
  if (values.length === 1) {
    const only = values[0];
    return (value) => value === only;
  }
  const set = new Set(values);
  return (value) => set.has(value);
}

export function isScalar(value: JsonValue): value is Scalar {
  return value === null || typeof value !== "object";
}

type TextCompiler = (operand: string, path: string) => (text: string) => boolean;

/** Tests text against one operand, or any of a list of them. */
function textTest(
  operand: JsonValue,
  path: string,
  compile: TextCompiler,
  caseMayBeIgnored = false,
): ScalarTest {
  if (caseMayBeIgnored && isObject(operand)) {
    const { "equals-ignore-case": inner, ...others } = operand;
    if (inner === undefined || Object.keys(others).length > 0) {
      throw wrongPattern(path, 'text, or { "equals-ignore-case": text }', operand);
    }
    const folded: TextCompiler = (text, at) => {
      const test = compile(text.toLowerCase(), at);
      return (value) => test(value.toLowerCase());
    };
    return textTest(inner, `${path}/equals-ignore-case`, folded);
  }
  if (typeof operand === "string") {
    const test = compile(operand, path);
    return (value) => typeof value === "string" && test(value);
  }
  if (!Array.isArray(operand)) throw wrongPattern(path, "text or a list of texts", operand);
  const tests = operand.map((text, index) => {
    if (typeof text !== "string") throw wrongPattern(`${path}/${index}`, "text", text);
    return compile(text, `${path}/${index}`);
  });
  return (value) => typeof value === "string" && tests.some((test) => test(value));
}

function startsWith(prefix: string): (text: string) => boolean {
  return (text) => text.startsWith(prefix);
}

function endsWith(suffix: string): (text: string) => boolean {
  return (text) => text.endsWith(suffix);
}

function equalsIgnoringCase(operand: string): (text: string) => boolean {
  const lower = operand.toLowerCase();
  return (text) => text.toLowerCase() === lower;
}

function compileAnythingBut(operand: JsonValue, path: string): ScalarTest {
  const test = isObject(operand) ? compileNegated(operand, path) : oneOf(excludedValues(operand, path));
  return (value) => !test(value);
}

function compileNegated(operand: { [key: string]: JsonValue }, path: string): ScalarTest {
  const [only, ...others] = Object.entries(operand);
  const expected = `one of ${NEGATABLE.map((known) => `"${known}"`).join(", ")}`;
  if (only === undefined || others.length > 0) throw wrongPattern(path, expected, operand);
  const [name, inner] = only;
  if (!NEGATABLE.includes(name)) throw wrongPattern(path, expected, name);
  return OPERATORS.get(name)!(inner, `${path}/${name}`);
}

function excludedValues(operand: JsonValue, path: string): Scalar[] {
  if (isScalar(operand)) return [operand];
  if (!Array.isArray(operand)) {
    throw wrongPattern(path, "a value, a list of values, or an operator", operand);
  }
  return operand.map((value, index) => {
    if (!isScalar(value)) {
      throw wrongPattern(`${path}/${index}`, "text, a number, true, false or null", value);
    }
    return value;
  });
}
