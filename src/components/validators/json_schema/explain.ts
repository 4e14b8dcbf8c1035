import type { MetadataMismatch } from "../../../errors.ts";
import type { JsonValue } from "../../../json.ts";
import { pointerStep } from "../../../text/json_pointer.ts";
import { showValue } from "../../mismatch.ts";
import { counted } from "../../../text/counted.ts";

/** One error reported by Ajv; the part that is used here. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly schema?: unknown;
  readonly data?: unknown;
}

type Params = Readonly<Record<string, unknown>>;

/** What each keyword expects, in words; other keywords fall back on Ajv's own message. */
const EXPECTATIONS: Record<string, (params: Params, error: SchemaError) => string> = {
  type: ({ type }) => (Array.isArray(type) ? type : String(type).split(",")).map(withArticle).join(" or "),
  enum: ({ allowedValues }) => `one of ${show(allowedValues)}`,
  const: ({ allowedValue }) => show(allowedValue),
  minimum: ({ limit }) => `a number of at least ${limit}`,
  maximum: ({ limit }) => `a number of at most ${limit}`,
  exclusiveMinimum: ({ limit }) => `a number above ${limit}`,
  exclusiveMaximum: ({ limit }) => `a number below ${limit}`,
  multipleOf: ({ multipleOf }) => `a multiple of ${multipleOf}`,
  minLength: ({ limit }) => `at least ${counted(limit as number, "character")}`,
  maxLength: ({ limit }) => `at most ${counted(limit as number, "character")}`,
  pattern: ({ pattern }) => `text that matches "${pattern}"`,
  minItems: ({ limit }) => `at least ${counted(limit as number, "element")}`,
  maxItems: ({ limit }) => `at most ${counted(limit as number, "element")}`,
  minProperties: ({ limit }) => `at least ${counted(limit as number, "property", "properties")}`,
  maxProperties: ({ limit }) => `at most ${counted(limit as number, "property", "properties")}`,
  uniqueItems: ({ i, j }) => `no two equal elements (${j} and ${i} are)`,
  contains: () => 'an element that matches the schema of "contains"',
  "false schema": () => "nothing to be there",
  not: () => 'a value that does not match the schema of "not"',
};

/** Keywords about a named property: the path is that of the property, not of the object. */
const PROPERTY_KEYWORDS: Record<string, { param: string; expected: (params: Params) => string }> = {
  required: { param: "missingProperty", expected: () => "a value" },
  dependentRequired: {
    param: "missingProperty",
    expected: ({ property }) => `a value, since "${property}" is there`,
  },
  dependencies: {
    param: "missingProperty",
    expected: ({ property }) => `a value, since "${property}" is there`,
  },
  additionalProperties: { param: "additionalProperty", expected: () => "no such property" },
  unevaluatedProperties: { param: "unevaluatedProperty", expected: () => "no such property" },
  propertyNames: { param: "propertyName", expected: () => "an allowed property name" },
};

/** Keywords whose own error, the last one, says more than those of their subschemas. */
const SUMMARY_KEYWORDS = ["contains", "propertyNames"];

/** Describes the first thing that is wrong. */
export function explainSchemaErrors(errors: readonly SchemaError[]): MetadataMismatch {
  // An error of "if" only repeats that "then" or "else" failed, which is reported before.
  const relevant = errors.filter((error, index) => index === 0 || error.keyword !== "if");
  // A subschema that does not match reports why.
  const [first, last] = [relevant[0]!, relevant.at(-1)!];
  if (last.keyword === "anyOf" || last.keyword === "oneOf") return explainChoice(last, relevant);
  return explainError(SUMMARY_KEYWORDS.includes(last.keyword) ? last : first);
}

function explainError(error: SchemaError): MetadataMismatch {
  const named = PROPERTY_KEYWORDS[error.keyword];
  if (named !== undefined) {
    const property = String(error.params[named.param]);
    return {
      path: error.instancePath + pointerStep(property),
      expected: named.expected(error.params),
      found: error.keyword === "propertyNames" ? show(property) : show(propertyOf(error.data, property)),
    };
  }
  const expectation = EXPECTATIONS[error.keyword];
  const expected = expectation?.(error.params, error) ??
    `a value that ${error.message ?? "matches the schema"}`;
  return { path: error.instancePath, expected, found: show(error.data) };
}

/** If each branch fails at the value itself, the alternatives are what the branches expect. */
function explainChoice(choice: SchemaError, errors: readonly SchemaError[]): MetadataMismatch {
  if (choice.keyword === "oneOf" && Array.isArray(choice.params.passingSchemas)) {
    const expected = 'a match for exactly one schema of "oneOf", not for several';
    return { path: choice.instancePath, expected, found: show(choice.data) };
  }
  const branches = errors.slice(0, -1).filter((error) => error.instancePath === choice.instancePath).map(
    explainError,
  );
  const here = branches.filter((branch) => branch.path === choice.instancePath);
  const expected = here.length > 0 && here.length === branches.length
    ? [...new Set(here.map((branch) => branch.expected))].join(" or ")
    : `a match for a schema of "${choice.keyword}"`;
  return { path: choice.instancePath, expected, found: show(choice.data) };
}

function propertyOf(data: unknown, property: string): unknown {
  return typeof data === "object" && data !== null && Object.hasOwn(data, property)
    ? (data as Record<string, unknown>)[property]
    : undefined;
}

function show(value: unknown): string {
  return showValue(value as JsonValue | undefined);
}

function withArticle(type: string): string {
  if (type === "null") return type;
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
