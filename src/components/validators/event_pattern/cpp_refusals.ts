import { isObject, type JsonValue } from "../../../json.ts";
import { pointerStep } from "../../../text/json_pointer.ts";
import { isRefusedInCpp } from "../cpp_regular_expression.ts";
import { isScalar } from "./operators.ts";

/** Operators that the C++ library looks for in a rule. */
const OPERATORS = ["anything-but", "prefix", "suffix", "equals-ignore-case", "numeric", "$or", "wildcard"];

/** What the C++ library rejects in a pattern, so that it cannot open the topic: a clause for each. */
export function cppPatternRefusals(pattern: JsonValue): string[] {
  const refusals: string[] = [];
  visitPattern(pattern, "", refusals);
  return refusals;
}

function visitPattern(pattern: JsonValue, path: string, refusals: string[]): void {
  if (!isObject(pattern)) return;
  for (const [key, value] of Object.entries(pattern)) {
    const at = path + pointerStep(key);
    if (isObject(value)) visitPattern(value, at, refusals);
    else if (Array.isArray(value)) visitList(value, at, refusals);
  }
}

function visitList(list: JsonValue[], path: string, refusals: string[]): void {
  const rules = list.filter(isObject);
  if (rules.length > 0 && rules.length < list.length) {
    refusals.push(`values and operators in one list at "${path}"`);
    return;
  }
  if (path.endsWith("/$or") && rules.some((rule) => !isRule(rule))) {
    refusals.push(`"$or" between fields at "${path}"`);
    return;
  }
  list.forEach((rule, index) => {
    if (isObject(rule) && !Object.hasOwn(rule, "exists")) visitRule(rule, `${path}/${index}`, refusals);
  });
}

function isRule(rule: { [key: string]: JsonValue }): boolean {
  const [key, ...others] = Object.keys(rule);
  return key !== undefined && others.length === 0 && [...OPERATORS, "exists", "cidr"].includes(key);
}

function visitRule(rule: { [key: string]: JsonValue }, path: string, refusals: string[]): void {
  const name = OPERATORS.find((known) => Object.hasOwn(rule, known));
  if (name === undefined) {
    refusals.push(`operator "${Object.keys(rule)[0]}" at "${path}"`);
    return;
  }
  const operand = rule[name];
  const at = path + pointerStep(name);
  if (name === "anything-but") {
    if (isObject(operand)) visitRule(operand, at, refusals);
    else if (Array.isArray(operand) && !operand.every(isScalar)) refusals.push(`a list at "${at}" in a list`);
  } else if (name === "$or") {
    for (const [index, alternative] of (Array.isArray(operand) ? operand : []).entries()) {
      visitPattern(alternative, `${at}/${index}`, refusals);
    }
  } else if (name === "wildcard") {
    if (typeof operand !== "string") refusals.push(`a list of wildcards at "${at}"`);
    else if (isRefusedInCpp(operand.replaceAll("*", ".*"))) {
      refusals.push(`wildcard ${JSON.stringify(operand)} at "${at}", which is not a regular expression`);
    }
  }
}
