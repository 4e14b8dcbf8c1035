import { isObject, type JsonValue } from "../../../json.ts";
import { isScalar } from "./operators.ts";

/** The features of a pattern for which the C++ library gives different results. */
interface Uses {
  values: boolean;
  exists: boolean;
  nestedAbsence: boolean;
  anythingBut: boolean;
  nested: boolean;
  /** Wildcards that mean something else as regular expressions. */
  wildcards: string[];
  /** Non-ASCII texts whose case is ignored. */
  foldedTexts: string[];
}

/**
 * How the C++ library's results differ from ours, which follow Amazon's, for events of this pattern: a sentence
 * for each difference. The pattern must compile.
 */
export function cppDifferences(pattern: JsonValue): string[] {
  const uses: Uses = {
    values: false,
    exists: false,
    nestedAbsence: false,
    anythingBut: false,
    nested: false,
    wildcards: [],
    foldedTexts: [],
  };
  visit(pattern, uses, false);
  const sentences: [boolean, string][] = [
    [uses.values, "an array matches where one of its elements does, and in C++ only as a whole"],
    [uses.exists, 'for "exists" an object is not a value, and in C++ it is one'],
    [uses.nestedAbsence, 'without the outer object "exists": false matches, and in C++ it does not'],
    [uses.anythingBut, 'an object does not match "anything-but", and in C++ it does'],
    [uses.nested, 'an event may hold a key with dots ("a.b") itself, and in C++ only nested objects'],
    ...uses.wildcards.map((text): [boolean, string] => [
      true,
      `wildcard ${
        JSON.stringify(text)
      } is that text with "*" for any characters, and in C++ a regular expression`,
    ]),
    ...uses.foldedTexts.map((text): [boolean, string] => [
      true,
      `the case of every letter in ${JSON.stringify(text)} is ignored, and in C++ that of ASCII alone`,
    ]),
  ];
  return sentences.flatMap(([applies, sentence]) => applies ? [sentence] : []);
}

function visit(pattern: JsonValue, uses: Uses, isInner: boolean): void {
  if (!isObject(pattern)) return;
  for (const [key, value] of Object.entries(pattern)) {
    const hasDots = key.includes(".");
    if (isObject(value)) {
      uses.nested = true;
      visit(value, uses, true);
      continue;
    }
    uses.nested ||= hasDots;
    for (const entry of Array.isArray(value) ? value : [value]) {
      if (isScalar(entry)) uses.values = true;
      else if (isObject(entry)) visitOperators(entry, uses, isInner || hasDots);
    }
  }
}

function visitOperators(entry: { [name: string]: JsonValue }, uses: Uses, isInner: boolean): void {
  for (const [name, operand] of Object.entries(entry)) {
    if (name === "exists") {
      uses.exists = true;
      uses.nestedAbsence ||= isInner && operand === false;
      continue;
    }
    uses.values = true;
    if (name === "$or") {
      for (const alternative of Array.isArray(operand) ? operand : []) visit(alternative, uses, true);
    } else if (name === "anything-but") {
      uses.anythingBut = true;
      if (isObject(operand)) visitOperators(operand, uses, isInner);
    } else if (name === "wildcard") {
      uses.wildcards.push(...textsOf(operand).filter((text) => /[.[\](){}^$|+?\\]/.test(text)));
    } else {
      const folded = isObject(operand) ? operand["equals-ignore-case"] : operand;
      if (name !== "equals-ignore-case" && !isObject(operand)) continue;
      const texts = folded === undefined ? [] : textsOf(folded);
      uses.foldedTexts.push(...texts.filter((text) => [...text].some((letter) => letter > "\x7f")));
    }
  }
}

function textsOf(operand: JsonValue): string[] {
  return (Array.isArray(operand) ? operand : [operand]).filter((text) => typeof text === "string");
}
