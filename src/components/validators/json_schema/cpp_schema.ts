/**
 * What a JSON Schema means to the C++ library, which reads every schema as draft 07, does not check formats and
 * contents, and loads no other documents.
 *
 * @module
 */
import { isObject, type JsonObject, type JsonValue } from "../../../json.ts";
import { isRefusedInCpp } from "../cpp_regular_expression.ts";
import { forEachSchema } from "./subschemas.ts";

/** Keywords of later drafts. */
const LATER_KEYWORDS = [
  "prefixItems",
  "unevaluatedItems",
  "unevaluatedProperties",
  "dependentRequired",
  "dependentSchemas",
  "minContains",
  "maxContains",
  "$dynamicRef",
  "$recursiveRef",
];

/** What the C++ library rejects in a schema, so that it cannot open the topic: a clause for each. */
export function cppSchemaRefusals(schema: JsonValue): string[] {
  const refusals: string[] = [];
  const ids: string[] = [];
  forEachSchema(schema, ({ $id }) => {
    if (typeof $id === "string") ids.push($id);
  });
  forEachSchema(schema, (inner, path) => {
    const { $ref } = inner;
    // It ignores keywords next to a reference.
    if (typeof $ref === "string") {
      if (!isKnownReference($ref, ids)) refusals.push(`reference ${JSON.stringify($ref)}${where(path)}`);
      return;
    }
    if (mayBe(inner, "string")) {
      for (const word of ["format", "contentEncoding", "contentMediaType"]) {
        if (Object.hasOwn(inner, word)) refusals.push(`"${word}"${where(path)}`);
      }
      checkExpression(inner.pattern, path, refusals);
    }
    if (!mayBe(inner, "object")) return;
    for (const pattern of Object.keys(objectOf(inner.patternProperties))) {
      checkExpression(pattern, path, refusals);
    }
  });
  return refusals;
}

/** Where a schema means something else to the C++ library: a clause for each. */
export function cppSchemaDifferences(schema: JsonValue): string[] {
  const differences: string[] = [];
  forEachSchema(schema, (inner, path) => {
    if (Object.hasOwn(inner, "$ref")) {
      const beside = Object.keys(inner).filter((key) => !["$ref", "$defs", "definitions"].includes(key));
      const matter = beside.filter((key) => !/^(?:\$.*|title|description|default|examples)$/.test(key));
      if (matter.length > 0) differences.push(`keywords next to "$ref"${where(path)} are ignored`);
      return;
    }
    for (const word of LATER_KEYWORDS) {
      if (Object.hasOwn(inner, word)) differences.push(`keyword "${word}"${where(path)} is unknown`);
    }
    for (const word of ["exclusiveMinimum", "exclusiveMaximum"]) {
      if (typeof inner[word] === "boolean") differences.push(`"${word}"${where(path)} is a number`);
    }
  });
  return differences;
}

function isKnownReference(reference: string, ids: readonly string[]): boolean {
  const [document = "", fragment = ""] = reference.split("#");
  // Named anchors (`$anchor`) were introduced by a later draft; earlier ones use ids.
  if (fragment !== "" && !fragment.startsWith("/")) return ids.some((id) => id.endsWith(`#${fragment}`));
  return document === "" || ids.some((id) => id.replace(/#.*/s, "").endsWith(document));
}

function mayBe({ type }: JsonObject, name: string): boolean {
  return type === undefined || type === name || (Array.isArray(type) && type.includes(name));
}

function checkExpression(pattern: JsonValue | undefined, path: string, refusals: string[]): void {
  if (typeof pattern !== "string" || !isRefusedInCpp(pattern)) return;
  refusals.push(`regular expression ${JSON.stringify(pattern)}${where(path)}`);
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function where(path: string): string {
  return path === "" ? "" : ` at "${path}"`;
}
